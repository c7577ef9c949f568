// The store of jobs: one container, partitioned by job. The indexing policy is the driver's; a test compares them.

param location string
param accountName string
param maxThroughput int
param submitterPrincipalId string
param workerPrincipalId string
param operatorGroupId string
param isPrivate bool

var databaseName = 'copiloteval'
var containerName = 'jobs'
var isServerless = maxThroughput == 0

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' = {
  name: accountName
  location: location
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
      }
    ]
    capabilities: isServerless ? [{ name: 'EnableServerless' }] : []
    consistencyPolicy: {
      defaultConsistencyLevel: 'Session'
    }
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: 'Continuous7Days'
      }
    }
    disableLocalAuth: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-04-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
  }
}

resource container 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-04-15' = {
  parent: database
  name: containerName
  properties: {
    resource: {
      id: containerName
      partitionKey: {
        paths: ['/pk']
        kind: 'Hash'
        version: 2
      }
      defaultTtl: -1
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          { path: '/pk/?' }
          { path: '/kind/?' }
          { path: '/createdAt/?' }
          { path: '/reversedId/?' }
          { path: '/lookAt/?' }
          { path: '/delayedUntil/?' }
          { path: '/blobKeys/[]/?' }
          { path: '/state/status/?' }
          { path: '/state/type/?' }
          { path: '/state/queue/?' }
          { path: '/state/userId/?' }
          { path: '/state/updatedAt/?' }
          { path: '/state/parentJobId/?' }
          { path: '/state/awaitsChildren/?' }
          { path: '/state/cancelRequestedAt/?' }
          { path: '/state/labels/*' }
          { path: '/outbox/sequence/?' }
          { path: '/outbox/queue/?' }
          { path: '/outbox/holder/?' }
          { path: '/outbox/freeAt/?' }
          { path: '/outbox/savedAt/?' }
          { path: '/outbox/problem/?' }
          { path: '/number/?' }
          { path: '/minute/?' }
          { path: '/key/?' }
          { path: '/firstLine/?' }
          { path: '/lastLine/?' }
        ]
        excludedPaths: [
          { path: '/*' }
        ]
        compositeIndexes: [
          [
            {
              path: '/createdAt'
              order: 'descending'
            }
            {
              path: '/pk'
              order: 'descending'
            }
          ]
        ]
      }
    }
    options: isServerless ? {} : {
      autoscaleSettings: {
        maxThroughput: maxThroughput
      }
    }
  }
}

// Built-in roles of the data plane, which are the account's own and not Azure's: …0001 reads, …0002 reads and writes. One
// after the other: the account refuses a second change while it carries out a first.
resource submitterWrites 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: account
  name: guid(account.id, submitterPrincipalId, 'contributor')
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002'
    principalId: submitterPrincipalId
    scope: '${account.id}/dbs/${database.name}/colls/${container.name}'
  }
}

resource workerWrites 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: account
  name: guid(account.id, workerPrincipalId, 'contributor')
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002'
    principalId: workerPrincipalId
    scope: '${account.id}/dbs/${database.name}/colls/${container.name}'
  }
  dependsOn: [submitterWrites]
}

resource operatorsWrite 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = if (!empty(operatorGroupId)) {
  parent: account
  name: guid(account.id, operatorGroupId, 'contributor')
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002'
    principalId: operatorGroupId
    scope: '${account.id}/dbs/${database.name}/colls/${container.name}'
  }
  dependsOn: [workerWrites]
}

output accountId string = account.id
output endpoint string = account.properties.documentEndpoint
output databaseName string = database.name
