package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

//go:embed peers.py
var peersScript string

// A python is an interpreter that reads with other software when it is told to.
type python struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startPython(ctx context.Context, exe string, env map[string]string) (*python, error) {
	p := &python{cmd: exec.CommandContext(ctx, exe, "-c", peersScript)}
	p.cmd.Env, p.cmd.Stderr = environment(env), os.Stderr
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

func (p *python) stop() {
	p.in.Close()
	_ = p.cmd.Wait()
}

// ask has one read done: of all rows, or of as many as are given in the middle of each dataset.
func (p *python) ask(reader, path string, rows ...int) (sample, error) {
	request, err := json.Marshal(map[string]any{"reader": reader, "path": path, "rows": rows, "datasets": paths()})
	if err != nil {
		return sample{}, err
	}
	if _, err := fmt.Fprintf(p.in, "%s\n", request); err != nil {
		return sample{}, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return sample{}, fmt.Errorf("the interpreter ended: %w", err)
	}
	var answer struct {
		Wall, CPU float64
		Sum       string
		Error     string
	}
	if err := json.Unmarshal([]byte(line), &answer); err != nil {
		return sample{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(line))
	}
	if answer.Error != "" {
		return sample{}, fmt.Errorf("%s", answer.Error)
	}
	return sample{wall: answer.Wall, cpu: answer.CPU, sum: answer.Sum}, nil
}
