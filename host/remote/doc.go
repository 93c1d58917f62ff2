// Package remote starts plugin executables and presents each as a core.Plugin, equivalent to one that is linked in.
// proto/zagg/v1/zagg.proto describes the protocol and what a plugin process must do.
//
// A process is started at the first call that needs it and serves any number of things at once. While calls are open its health is
// checked. A process that dies or does not answer is killed with its process group, and its calls end as Unavailable with the
// plugin's name and last lines; the next call starts it again and configures again what was configured. Calls that can be
// repeated are, once: everything but a Read that has emitted batches.
//
// Plugins get no credentials: not in their environment, not in URLs, and they may ask for a granule's assets alone, which the host reads.
package remote
