// Command fuzzall runs every fuzz target of the module for a short while each and stops at the first that fails.
//
//	go run ./test/fuzzall -time 5s [-only PATTERN]
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", 5*time.Second, "how long to fuzz each target")
	only := flag.String("only", ".", "regular expression that package or target must match")
	flag.Parse()
	if err := run(*each, regexp.MustCompile(*only)); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

func run(each time.Duration, only *regexp.Regexp) error {
	// The fuzz functions of each package, without building what has none.
	out, err := exec.Command("git", "grep", "-l", "-E", `^func Fuzz[A-Z]`, "--", "*_test.go").Output()
	if err != nil {
		return fmt.Errorf("find fuzz targets: %w", err)
	}
	seen := map[string]bool{}
	for _, file := range strings.Fields(string(out)) {
		dir := "./" + file[:strings.LastIndexByte(file, '/')]
		if seen[dir] {
			continue
		}
		seen[dir] = true
		targets, err := list(dir)
		if err != nil {
			return err
		}
		for _, t := range targets {
			if !only.MatchString(dir + "/" + t) {
				continue
			}
			fmt.Printf("%s %s\n", dir, t)
			if err := fuzz(dir, t, each); err != nil {
				return err
			}
		}
	}
	return nil
}

// fuzz runs one target. Before Go 1.27 the end of the time now and then counts as a failure, without an input that fails
// (https://go.dev/issue/75804): such an end is none.
func fuzz(dir, target string, each time.Duration) error {
	out, err := exec.Command("go", "test", dir, "-run", "^$", "-fuzz", "^"+target+"$", "-fuzztime", each.String()).CombinedOutput()
	if err == nil || timeUp.Match(out) && !bytes.Contains(out, []byte("Failing input")) {
		return nil
	}
	return fmt.Errorf("%s %s: %w\n%s", dir, target, err, out)
}

var timeUp = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([0-9.]+s\)\n    context deadline exceeded\n`)

func list(dir string) ([]string, error) {
	out, err := exec.Command("go", "test", dir, "-list", "^Fuzz").Output()
	if err != nil {
		return nil, fmt.Errorf("list %s: %w\n%s", dir, err, out)
	}
	var targets []string
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "Fuzz") {
			targets = append(targets, lines.Text())
		}
	}
	return targets, nil
}
