// Everything copiloteval keeps in Azure: queues, the store of jobs, files, secrets, identities, alerts.
// Workers and the API themselves are deployed elsewhere; they get the identities that this file creates.

targetScope = 'resourceGroup'

@description('Which of the three environments this is; part of every name.')
@allowed(['dev', 'staging', 'prod'])
param environmentName string

@description('Where everything is created.')
param location string = resourceGroup().location

@description('Beginning of every name: a small letter, then small letters and digits.')
@minLength(3)
@maxLength(12)
param prefix string = 'copiloteval'

@description('Basic has queues only; Standard adds larger counts of operations at a fixed price; Premium is needed for private endpoints.')
@allowed(['Basic', 'Standard', 'Premium'])
param serviceBusSku string = 'Basic'

@description('The queues with their settings; the file is made from the registry.')
param queues array = loadJsonContent('queues.json')

@description('Units per second the store may use at most, in thousands; 0 is serverless, paid by use.')
@minValue(0)
param storeMaxThroughput int = 0

@description('Days after which files that were not changed are deleted; more than jobs are kept (`retentionDays`).')
@minValue(1)
param fileRetentionDays int = 180

@description('Object id of the group whose members operate queues by hand; empty for none.')
param operatorGroupId string = ''

@description('Who is told when dead letters pile up; empty for nobody.')
param alertEmail string = ''

@description('Dead letters a queue may have before somebody is told.')
@minValue(0)
param deadLetterThreshold int = 5

@description('Id of the subnet for private endpoints; empty leaves the public endpoints open. Needs the Premium tier.')
param privateEndpointSubnetId string = ''

@description('Makes the DNS zones that private endpoints need and links them to their network; false where the network has them already.')
param createPrivateDnsZones bool = true

var suffix = uniqueString(resourceGroup().id, environmentName)
var isPrivate = !empty(privateEndpointSubnetId)

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    location: location
    prefix: prefix
    environmentName: environmentName
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    location: location
    prefix: prefix
    environmentName: environmentName
    namespaceName: servicebus.outputs.namespaceName
    queueNames: map(queues, queue => queue.name)
    alertEmail: alertEmail
    deadLetterThreshold: deadLetterThreshold
  }
}

module servicebus 'modules/servicebus.bicep' = {
  name: 'servicebus'
  params: {
    location: location
    namespaceName: '${prefix}-${environmentName}-${suffix}'
    sku: serviceBusSku
    queues: queues
    submitterPrincipalId: identity.outputs.submitterPrincipalId
    workerPrincipalId: identity.outputs.workerPrincipalId
    operatorGroupId: operatorGroupId
    isPrivate: isPrivate
  }
}

module database 'modules/database.bicep' = {
  name: 'database'
  params: {
    location: location
    accountName: '${prefix}-${environmentName}-${suffix}'
    maxThroughput: storeMaxThroughput
    submitterPrincipalId: identity.outputs.submitterPrincipalId
    workerPrincipalId: identity.outputs.workerPrincipalId
    operatorGroupId: operatorGroupId
    isPrivate: isPrivate
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    location: location
    accountName: take('${prefix}${environmentName}${suffix}', 24)
    retentionDays: fileRetentionDays
    submitterPrincipalId: identity.outputs.submitterPrincipalId
    workerPrincipalId: identity.outputs.workerPrincipalId
    operatorGroupId: operatorGroupId
    isPrivate: isPrivate
  }
}

module keyvault 'modules/keyvault.bicep' = {
  name: 'keyvault'
  params: {
    location: location
    vaultName: take('${prefix}-${environmentName}-${suffix}', 24)
    submitterPrincipalId: identity.outputs.submitterPrincipalId
    workerPrincipalId: identity.outputs.workerPrincipalId
    operatorGroupId: operatorGroupId
    isPrivate: isPrivate
  }
}

// Names of the zones: https://learn.microsoft.com/azure/private-link/private-endpoint-dns
module queueLink 'modules/privatelink.bicep' = if (isPrivate) {
  name: 'queue-link'
  params: {
    location: location
    name: '${prefix}-${environmentName}-queue-link'
    serviceId: servicebus.outputs.namespaceId
    groupId: 'namespace'
    zoneName: 'privatelink.servicebus.windows.net'
    subnetId: privateEndpointSubnetId
    createZone: createPrivateDnsZones
  }
}

module storeLink 'modules/privatelink.bicep' = if (isPrivate) {
  name: 'store-link'
  params: {
    location: location
    name: '${prefix}-${environmentName}-store-link'
    serviceId: database.outputs.accountId
    groupId: 'Sql'
    zoneName: 'privatelink.documents.azure.com'
    subnetId: privateEndpointSubnetId
    createZone: createPrivateDnsZones
  }
}

module fileLink 'modules/privatelink.bicep' = if (isPrivate) {
  name: 'file-link'
  params: {
    location: location
    name: '${prefix}-${environmentName}-file-link'
    serviceId: storage.outputs.accountId
    groupId: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    subnetId: privateEndpointSubnetId
    createZone: createPrivateDnsZones
  }
}

module secretLink 'modules/privatelink.bicep' = if (isPrivate) {
  name: 'secret-link'
  params: {
    location: location
    name: '${prefix}-${environmentName}-secret-link'
    serviceId: keyvault.outputs.vaultId
    groupId: 'vault'
    zoneName: 'privatelink.vaultcore.azure.net'
    subnetId: privateEndpointSubnetId
    createZone: createPrivateDnsZones
  }
}

@description('AZURE_SERVICE_BUS_NAMESPACE')
output serviceBusHost string = servicebus.outputs.host

@description('COSMOS_DB_ENDPOINT')
output cosmosEndpoint string = database.outputs.endpoint

@description('DATABASE_NAME')
output databaseName string = database.outputs.databaseName

@description('AZURE_STORAGE_ACCOUNT_URL')
output blobEndpoint string = storage.outputs.blobEndpoint

@description('KEY_VAULT_URL')
output keyVaultUrl string = keyvault.outputs.vaultUrl

@description('AZURE_CLIENT_ID of a process that submits.')
output submitterClientId string = identity.outputs.submitterClientId

@description('AZURE_CLIENT_ID of a worker.')
output workerClientId string = identity.outputs.workerClientId
