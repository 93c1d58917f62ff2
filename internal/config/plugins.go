package config

import (
	"cmp"
	"encoding/hex"

	"github.com/dustin/go-humanize"
)

// plugins are the executables besides what is linked in, each name once.
func (p *problems) plugins(n *node) []Plugin {
	var out []Plugin
	lines := map[string]int{}
	for _, c := range n.list() {
		x := Plugin{Name: c.get("name").str(), SHA256: c.get("sha256").str(), As: c.get("as").str()}
		if as := c.get("as"); as != nil && (!isName(x.As) || x.As == "np" || x.As == "numpy") {
			p.add(as, "%s is not a name; expected letters, digits and _, as in as: mine", show(as))
		}
		if name := c.get("name"); x.Name != "" {
			known := cmp.Or(x.As, x.Name)
			if line, taken := lines[known]; taken {
				p.add(name, "plugin %s is listed in line %d already: give one another name with as", known, line)
			}
			lines[known] = name.line
		}
		p.processes(c, &x)
		switch command := c.get("command"); {
		case command == nil:
		case command.kind == kindList:
			for _, word := range command.list() {
				x.Command = append(x.Command, word.str())
			}
			if len(x.Command) == 0 || x.Command[0] == "" {
				p.add(command, "no executable is given")
			}
		case command.str() == "":
			p.add(command, "no executable is given")
		default:
			x.Command = []string{command.str()}
		}
		if b, err := hex.DecodeString(x.SHA256); x.SHA256 != "" && (err != nil || len(b) != 32) {
			p.add(c.get("sha256"), "%q is not a SHA-256; expected 64 hexadecimal digits, as `sha256sum FILE` prints them", x.SHA256)
		}
		out = append(out, x)
	}
	return out
}

// mostProcesses bounds the processes of one plugin.
const mostProcesses = 256

// processes reads how many there shall be, and how large each may become.
func (p *problems) processes(c *node, x *Plugin) {
	if n := c.get("processes"); n != nil && n.kind == kindInt {
		v, ok := n.integer()
		if !ok || v < 1 || v > mostProcesses {
			p.add(n, "%s is out of range; expected 1 to %d", n.text, mostProcesses)
		}
		x.Processes = int(v)
	}
	if n := c.get("memory"); n != nil && n.kind == kindString {
		bytes, err := humanize.ParseBytes(n.text)
		if err != nil || bytes < 1<<20 || bytes > 1<<50 {
			p.add(n, "%s is not an amount of memory; expected one as 2 GiB", show(n))
		}
		x.Memory = int64(min(bytes, 1<<50))
	}
}
