// Two identities: one that submits and reads jobs, one that runs them.

param location string
param prefix string
param environmentName string

resource submitter 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${prefix}-${environmentName}-submitter'
  location: location
}

resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${prefix}-${environmentName}-worker'
  location: location
}

output submitterPrincipalId string = submitter.properties.principalId
output submitterClientId string = submitter.properties.clientId
output workerPrincipalId string = worker.properties.principalId
output workerClientId string = worker.properties.clientId
