// The classes of @azure/service-bus, for import on demand. A bundle that is split into chunks knows a package in the older
// module format only by its default when the package itself is imported on demand; through this file it has its names.

export { ServiceBusAdministrationClient, ServiceBusClient } from '@azure/service-bus';
