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
	"strconv"
	"strings"
)

//go:embed peers.py
var peersScript string

// A python is an interpreter that does tasks with other software when it is told to.
type python struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startPython(ctx context.Context, exe string, threads int) (*python, error) {
	p := &python{cmd: exec.CommandContext(ctx, exe, "-c", peersScript)}
	n := strconv.Itoa(threads)
	p.cmd.Env = append(os.Environ(), "RAYON_NUM_THREADS="+n, "OMP_NUM_THREADS="+n)
	p.cmd.Stderr = os.Stderr
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
	_ = p.cmd.Wait() // how it ends says nothing more
}

// ask has one task done; reading its input is not part of the time.
func (p *python) ask(peer, input string) (sample, error) {
	request, err := json.Marshal(map[string]string{"peer": peer, "input": input})
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
		sample
		Error string
	}
	if err := json.Unmarshal([]byte(line), &answer); err != nil {
		return sample{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(line))
	}
	if answer.Error != "" {
		return sample{}, fmt.Errorf("%s", answer.Error)
	}
	return answer.sample, nil
}
