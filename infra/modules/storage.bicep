// Files of jobs: payloads, datasets, artifacts, results.

param location string
param accountName string
param retentionDays int
param submitterPrincipalId string
param workerPrincipalId string
param operatorGroupId string
param isPrivate bool

var containerName = 'copiloteval'
var contributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: accountName
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: containerName
}

// `copiloteval prune` deletes what no job names; this is the net below it.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-files'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['${containerName}/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: retentionDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource submitterWrites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(container.id, submitterPrincipalId, contributor)
  scope: container
  properties: {
    roleDefinitionId: contributor
    principalId: submitterPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource workerWrites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(container.id, workerPrincipalId, contributor)
  scope: container
  properties: {
    roleDefinitionId: contributor
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource operatorsWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  name: guid(container.id, operatorGroupId, contributor)
  scope: container
  properties: {
    roleDefinitionId: contributor
    principalId: operatorGroupId
    principalType: 'Group'
  }
}

output accountId string = account.id
output blobEndpoint string = account.properties.primaryEndpoints.blob
