package bundle

import (
	"os/exec"
	"runtime/debug"
	"strings"
)

// FindSource takes the checkout around the working folder if it is zagg's, else the version this program was released as.
func (o *Options) FindSource() {
	if o.Source != "" {
		return
	}
	if out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output(); err == nil {
		if name, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " "); name == Module {
			o.Source = dir
			return
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == Module && strings.HasPrefix(info.Main.Version, "v") {
		o.Version = info.Main.Version
	}
}
