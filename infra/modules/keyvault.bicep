// Secrets that settings of the form `kv:NAME` name. The identities read them, operators write them.

param location string
param vaultName string
param submitterPrincipalId string
param workerPrincipalId string
param operatorGroupId string
param isPrivate bool

var secretsUser = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
var secretsOfficer = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7')

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: vaultName
  location: location
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    publicNetworkAccess: isPrivate ? 'disabled' : 'enabled'
  }
}

resource submitterReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, submitterPrincipalId, secretsUser)
  scope: vault
  properties: {
    roleDefinitionId: secretsUser
    principalId: submitterPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource workerReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, workerPrincipalId, secretsUser)
  scope: vault
  properties: {
    roleDefinitionId: secretsUser
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource operatorsWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  name: guid(vault.id, operatorGroupId, secretsOfficer)
  scope: vault
  properties: {
    roleDefinitionId: secretsOfficer
    principalId: operatorGroupId
    principalType: 'Group'
  }
}

output vaultId string = vault.id
output vaultUrl string = vault.properties.vaultUri
