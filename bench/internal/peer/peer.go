// Package peer is what the benchmarks share that measure zagg beside other software in the same run: an interpreter that does one
// piece of work when it is told to, and a table of who took how long.
package peer

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Flags are those that the benchmarks share.
type Flags struct {
	Python string // interpreter with the peers; "": zagg alone
	Server string // the versitygw executable
	Repeat int
}

// Add adds -python, of which with says what it needs, and -n, of which counts says what becomes of repetitions.
func (f *Flags) Add(with string, repeat int, counts string) {
	flag.StringVar(&f.Python, "python", os.Getenv("ZAGG_PYTHON"), "interpreter with "+with)
	flag.IntVar(&f.Repeat, "n", repeat, "repetitions"+counts)
}

// AddServer adds -s3, of which without says what is measured without it.
func (f *Flags) AddServer(without string) {
	flag.StringVar(&f.Server, "s3", os.Getenv("ZAGG_VERSITYGW"), "the versitygw executable"+without)
}

// A Python is an interpreter that reads one JSON request a line and answers each with one line: what was asked for, or {"Error": "…"}.
type Python struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

//go:embed answer.py
var answers string

// Start starts the interpreter with a script that says how requests are answered, as answer.py has it, and more variables of the
// environment ("NAME=value").
func Start(ctx context.Context, exe, script string, env ...string) (*Python, error) {
	p := &Python{cmd: exec.CommandContext(ctx, exe, "-c", script+"\n\n"+answers)}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), env...), os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	return p, p.cmd.Start()
}

// Stop ends the interpreter.
func (p *Python) Stop() {
	p.in.Close()
	_ = p.cmd.Wait() // how it ends says nothing more
}

// Ask has one request done and decodes the answer.
func (p *Python) Ask(request, answer any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.in, "%s\n", line); err != nil {
		return err
	}
	text, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the interpreter ended: %w", err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(text, &failed); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	if failed.Error != "" {
		return fmt.Errorf("%s", failed.Error)
	}
	return json.Unmarshal(text, answer)
}

// A Sample is one run of one contender. What it found is a number by which runs are compared: cells, or a sum.
type Sample struct {
	Wall, CPU float64 // seconds
	Found     float64
}

// A Task is one piece of work, done by zagg and by peers on the same input.
type Task struct {
	Name  string
	Unit  string // of what a time is divided by
	Units int
	Ours  func() (float64, error)
	Peers []string // names that the script knows
	Input string   // file for peers
	Close float64  // by how much a peer may find something else, as a fraction
	Loose string   // peers whose names have this in them are not compared
}

// TableHead begins the table that Tasks add rows to.
const TableHead = "| task | who | wall s | CPU s | each | ratio wall | ratio CPU |\n|---|---|--:|--:|--:|--:|--:|\n"

// Run has the task done by everyone in turn, some times over, and prints the least times; script is nil for zagg alone. That all find the
// same is checked.
func (t *Task) Run(w io.Writer, script *Python, repeat int) error {
	results := map[string]Sample{}
	for range repeat {
		s, err := t.ours()
		if err == nil {
			err = keep(results, "zagg", s)
		}
		if err != nil {
			return err
		}
		for _, name := range t.Peers {
			if script == nil {
				continue
			}
			var s Sample
			if err := script.Ask(map[string]string{"peer": name, "input": t.Input}, &s); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := keep(results, name, s); err != nil {
				return err
			}
		}
	}
	return t.print(w, results)
}

func (t *Task) ours() (Sample, error) {
	start, before := time.Now(), CPU()
	found, err := t.Ours()
	return Sample{time.Since(start).Seconds(), CPU() - before, found}, err
}

// keep keeps the least times of a contender, who must find the same each time.
func keep(results map[string]Sample, name string, s Sample) error {
	best, ok := results[name]
	if ok && best.Found != s.Found {
		return fmt.Errorf("%s found %v and then %v", name, best.Found, s.Found)
	}
	if ok {
		s.Wall, s.CPU = min(s.Wall, best.Wall), min(s.CPU, best.CPU)
	}
	results[name] = s
	return nil
}

func (t *Task) print(w io.Writer, results map[string]Sample) error {
	ours := results["zagg"]
	for _, name := range slices.Concat([]string{"zagg"}, t.Peers) {
		s, ok := results[name]
		if !ok {
			continue
		}
		each := time.Duration(s.Wall / float64(t.Units) * 1e9).Round(time.Nanosecond)
		fmt.Fprintf(w, "| %s | %s | %.2f | %.2f | %s/%s | %.2f | %.2f |\n", t.Name, name, s.Wall, s.CPU, each, t.Unit, s.Wall/ours.Wall, s.CPU/ours.CPU)
		loose := t.Loose != "" && strings.Contains(name, t.Loose)
		if off := (s.Found - ours.Found) / ours.Found; !loose && (off > t.Close || off < -t.Close) {
			return fmt.Errorf("%s: %s found %v, zagg %v", t.Name, name, s.Found, ours.Found)
		}
	}
	return nil
}

// CPU is the process's CPU time so far, user and system, in seconds.
func CPU() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
