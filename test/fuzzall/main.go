// Command fuzzall runs every fuzz target of the module for a while each and stops at the first that fails.
//
//	go run ./test/fuzzall -time 5s [-only PATTERN]
//	go run ./test/fuzzall -time 10m -keep           as a nightly run
//
// With -keep the inputs that were found to reach new code stay in .cache/fuzz, by package and target, and the next run begins with
// them.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

func main() {
	each := flag.Duration("time", 5*time.Second, "how long to fuzz each target")
	only := flag.String("only", ".", "regular expression that package or target must match")
	keep := flag.Bool("keep", false, "keep the corpus in .cache/fuzz")
	flag.Parse()
	if err := run(*each, regexp.MustCompile(*only), *keep); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

func run(each time.Duration, only *regexp.Regexp, keep bool) error {
	corpus := ""
	if keep {
		here, err := os.Getwd()
		if err != nil {
			return err
		}
		corpus = filepath.Join(here, ".cache", "fuzz")
	}
	// By the sources: asking each package would build what has none.
	out, err := exec.Command("git", "grep", "-E", `^func Fuzz[A-Z]`, "--", "*_test.go").Output()
	if err != nil {
		return fmt.Errorf("find fuzz targets: %w", err)
	}
	for _, m := range target.FindAllSubmatch(out, -1) {
		dir, name := "./"+string(m[1]), string(m[2])
		if !only.MatchString(dir + "/" + name) {
			continue
		}
		fmt.Printf("%s %s\n", dir, name)
		if err := fuzz(dir, name, each, corpus); err != nil {
			return err
		}
	}
	return nil
}

// target is a line of git grep: the package's folder and the function.
var target = regexp.MustCompile(`(?m)^(.+)/[^/:]+_test\.go:func (Fuzz\w+)\(`)

// fuzz runs one target. Before Go 1.27 the end of the time now and then counts as a failure, without an input that fails
// (https://go.dev/issue/75804): such an end is none.
func fuzz(dir, target string, each time.Duration, corpus string) error {
	args := []string{"test", dir, "-run", "^$", "-fuzz", "^" + target + "$", "-fuzztime", each.String()}
	if corpus != "" {
		args = append(args, "-args", "-test.fuzzcachedir="+filepath.Join(corpus, dir))
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	if err == nil || timeUp.Match(out) && !bytes.Contains(out, []byte("Failing input")) {
		return nil
	}
	return fmt.Errorf("%s %s: %w\n%s", dir, target, err, out)
}

var timeUp = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([0-9.]+s\)\n    context deadline exceeded\n`)
