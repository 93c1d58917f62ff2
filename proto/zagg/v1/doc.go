// Package zaggv1 is the protocol between zagg and a plugin in a process of its own, generated from zagg.proto, which describes it.
// Only internal/wire, host/remote and host/serve import it.
package zaggv1
