// The namespace and its queues. Nothing here needs more than the Basic tier: no duplicate detection, sessions, topics or
// forwarding. Settings of the queues are those of the registry; a test compares them.

param location string
param namespaceName string
param sku string
param queues array
param submitterPrincipalId string
param workerPrincipalId string
param operatorGroupId string
param isPrivate bool

var sender = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39')
var receiver = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0')
var owner = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '090c5cfd-751d-490a-894a-3ce6f1109419')

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  sku: {
    name: sku
    tier: sku
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for item in queues: {
    parent: namespace
    name: item.name
    properties: {
      lockDuration: item.lockDuration
      maxDeliveryCount: item.maxDeliveryCount
      defaultMessageTimeToLive: item.timeToLive
      deadLetteringOnMessageExpiration: true
      maxSizeInMegabytes: 1024
    }
  }
]

resource submitterSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace.id, submitterPrincipalId, sender)
  scope: namespace
  properties: {
    roleDefinitionId: sender
    principalId: submitterPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource workerReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace.id, workerPrincipalId, receiver)
  scope: namespace
  properties: {
    roleDefinitionId: receiver
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Retries and children are messages that a worker sends.
resource workerSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace.id, workerPrincipalId, sender)
  scope: namespace
  properties: {
    roleDefinitionId: sender
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Counts and the settings of queues need the right to manage.
resource operatorsOwn 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  name: guid(namespace.id, operatorGroupId, owner)
  scope: namespace
  properties: {
    roleDefinitionId: owner
    principalId: operatorGroupId
    principalType: 'Group'
  }
}

output namespaceId string = namespace.id
output namespaceName string = namespace.name
output host string = '${namespace.name}.servicebus.windows.net'
