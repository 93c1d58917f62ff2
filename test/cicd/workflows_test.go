package cicd

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const folder = "../../.github/workflows"

type workflow struct {
	On          yaml.Node
	Permissions map[string]string
	Jobs        map[string]job
}

type job struct {
	Uses        string
	Permissions map[string]string
	Environment string
	Steps       []step
}

type step struct {
	ID, Name, Uses, Run string
	With, Env           map[string]string
}

func workflows(t *testing.T) map[string]workflow {
	files, err := filepath.Glob(folder + "/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]workflow{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		var w workflow
		require.NoError(t, yaml.Unmarshal(text, &w), f)
		all[filepath.Base(f)] = w
	}
	return all
}

// Actions are pinned by commit; what somebody else wrote reaches no script but by the environment.
func TestPinsAndScripts(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
	for name, w := range workflows(t) {
		require.Equal(t, map[string]string{"contents": "read"}, w.Permissions, name)
		for jobName, j := range w.Jobs {
			if j.Uses != "" {
				require.True(t, strings.HasPrefix(j.Uses, "./"), "%s %s", name, jobName)
			}
			for _, s := range j.Steps {
				if s.Uses != "" {
					require.Regexp(t, pinned, s.Uses, "%s %s", name, jobName)
				}
				require.NotContains(t, s.Run, "${{", "%s %s %s", name, jobName, s.Name)
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["path"] != "benchmarks" {
					require.Equal(t, "false", s.With["persist-credentials"], "%s %s", name, jobName)
				}
			}
		}
	}
}

// Every name that a workflow selects tests by is that of a test.
func TestSelectedTestsExist(t *testing.T) {
	command := regexp.MustCompile(`go test -tags suites ((?:\./\S+ )+)-run "?([\w|]+)"?`)
	found := false
	for name, w := range workflows(t) {
		for jobName, j := range w.Jobs {
			for _, s := range j.Steps {
				for _, c := range command.FindAllStringSubmatch(s.Run, -1) {
					found = true
					var tests strings.Builder
					for _, dir := range strings.Fields(c[1]) {
						files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
						require.NoError(t, err)
						here := ""
						for _, f := range files {
							text, err := os.ReadFile(f)
							require.NoError(t, err)
							here += string(text)
						}
						require.Regexp(t, `(?m)^func Test\w*(`+c[2]+`)`, here, "%s %s: nothing of %s is selected", name, jobName, dir)
						tests.WriteString(here)
					}
					for pattern := range strings.SplitSeq(c[2], "|") {
						require.Regexp(t, `(?m)^func Test\w*`+pattern, tests.String(), "%s %s", name, jobName)
					}
				}
			}
		}
	}
	require.True(t, found)
}

// Each right is given to the jobs that need it alone.
func TestLeastPermissions(t *testing.T) {
	writesContents := []string{}
	for name, w := range workflows(t) {
		for jobName, j := range w.Jobs {
			where := name + " " + jobName
			assumes := slices.ContainsFunc(j.Steps, func(s step) bool { return strings.HasPrefix(s.Uses, "aws-actions/configure-aws-credentials@") })
			require.Equal(t, assumes || strings.HasSuffix(j.Uses, "deploy-test.yml"), j.Permissions["id-token"] == "write", where)
			if j.Permissions["contents"] == "write" {
				writesContents = append(writesContents, where)
			}
			for _, s := range j.Steps {
				for _, v := range s.Env {
					if strings.Contains(v, "secrets.") {
						require.Equal(t, "Measure", s.Name, where)
						require.Equal(t, "${{ secrets.EARTHDATA_TOKEN }}", v, where)
					}
				}
			}
		}
	}
	slices.Sort(writesContents)
	require.Equal(t, []string{"benchmark.yml merge", "release.yml publish"}, writesContents)
	require.Equal(t, "production", workflows(t)["release.yml"].Jobs["production"].Environment)
}

// benchmarkStep is what a step of the benchmark's workflow runs.
func benchmarkStep(t *testing.T, job string, is func(step) bool) string {
	steps := workflows(t)["benchmark.yml"].Jobs[job].Steps
	i := slices.IndexFunc(steps, is)
	require.GreaterOrEqual(t, i, 0)
	require.NotEmpty(t, steps[i].Run)
	return steps[i].Run
}
