// Logs of the namespace, and an alert per queue whose dead letters pile up.

param location string
param prefix string
param environmentName string
param namespaceName string
param queueNames array
param alertEmail string
param deadLetterThreshold int

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${prefix}-${environmentName}-logs'
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: namespace
  properties: {
    workspaceId: logs.id
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: '${prefix}-${environmentName}-operators'
  location: 'global'
  properties: {
    groupShortName: 'operators'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

// A gauge: its maximum over five minutes, never its total.
resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for queueName in queueNames: {
    name: '${prefix}-${environmentName}-${queueName}-dead-letters'
    location: 'global'
    properties: {
      description: 'Dead letters pile up: see `copiloteval dlq groups --queue ${queueName}`.'
      severity: 2
      enabled: true
      scopes: [namespace.id]
      evaluationFrequency: 'PT1M'
      windowSize: 'PT5M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: 'dead-letters'
            criterionType: 'StaticThresholdCriterion'
            metricName: 'DeadletteredMessages'
            metricNamespace: 'Microsoft.ServiceBus/namespaces'
            operator: 'GreaterThan'
            threshold: deadLetterThreshold
            timeAggregation: 'Maximum'
            dimensions: [
              {
                name: 'EntityName'
                operator: 'Include'
                values: [queueName]
              }
            ]
          }
        ]
      }
      actions: empty(alertEmail) ? [] : [
        {
          actionGroupId: operators.id
        }
      ]
    }
  }
]
