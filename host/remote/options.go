package remote

import (
	"path/filepath"
	"sync/atomic"
	"time"
)

// Options say what to start and how long to wait for it.
type Options struct {
	Name    string   // what the user calls it; "": the executable's base name
	Command []string // executable and arguments
	SHA256  string   // hex digest that the code must have (package plugindigest); "": any
	// Log takes what the plugin writes to stderr, line by line and without secrets. nil: nobody.
	Log func(plugin, line string)

	Processes int   // that share the calls; 0: 1
	Memory    int64 // most bytes of a process, on Linux: one with more is ended; 0: no bound
	Keep      int64 // most bytes of columns that a process keeps although no call uses them; 0: 256 MiB

	Start  time.Duration // for the handshake and the description; 0: 30 s
	Check  time.Duration // between health checks while calls are open; 0: 5 s
	Health time.Duration // for the answer to one; 0: 20 s. A plugin may declare a longer time
	Stall  time.Duration // for the next sign of life within one call; 0: 10 min
	Exit   time.Duration // to end when asked to, or when its connection has ended, before it is killed; 0: 2 s

	counter *counter // of calls
	silence *silence // that the plugin has declared
	first   string   // digest of the code when the plugin was opened: what is started again later is the same
}

func (o Options) withDefaults() Options {
	or := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	or(&o.Start, 30*time.Second)
	or(&o.Check, 5*time.Second)
	or(&o.Health, 20*time.Second)
	or(&o.Stall, 10*time.Minute)
	or(&o.Exit, 2*time.Second)
	o.Processes = max(o.Processes, 1)
	if o.Keep <= 0 {
		o.Keep = keptBytes
	}
	if o.silence == nil {
		o.silence = &silence{}
	}
	if o.Name == "" && len(o.Command) > 0 {
		o.Name = filepath.Base(o.Command[0])
	}
	if o.Log == nil {
		o.Log = func(string, string) {}
	}
	return o
}

// A silence is how long a plugin says that it may give no sign of life.
type silence struct{ seconds atomic.Int64 }

// mostSilence is the longest that is allowed, in seconds.
const mostSilence = 3600

// allow takes what a plugin declares.
func (s *silence) allow(seconds uint32) { s.seconds.Store(min(int64(seconds), mostSilence)) }

// or is that time, or another that is longer.
func (s *silence) or(d time.Duration) time.Duration {
	return max(time.Duration(s.seconds.Load())*time.Second, d)
}
