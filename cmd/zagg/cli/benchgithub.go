package cli

// The commands of "zagg bench" that a workflow on GitHub runs: comment, gate, closure and doctor.

import (
	"cmp"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bench"
)

// githubFlags are those of commands that speak to GitHub. The token comes from the environment alone.
func githubFlags(f *pflag.FlagSet, g *bench.GitHub) {
	f.StringVar(&g.Repo, "repo", os.Getenv("GITHUB_REPOSITORY"), "owner/name on GitHub (default $GITHUB_REPOSITORY)")
	f.StringVar(&g.API, "api", cmp.Or(os.Getenv("GITHUB_API_URL"), "https://api.github.com"), "GitHub's REST API; $GITHUB_TOKEN has the token")
	f.Lookup("repo").DefValue, f.Lookup("api").DefValue = "", "https://api.github.com"
}

func (a *app) benchCommentCommand() *cobra.Command {
	var g bench.GitHub
	var records, output, note string
	var pr int64
	var stale bool
	c := &cobra.Command{
		Use:   "comment --records FILE [--repo OWNER/NAME --pr-number N | --output FILE]",
		Short: "Write the table of a run as the comment on a pull request",
		Long: `Write the comment with the marker ` + bench.Marker + `. With --pr-number, create the pull request's comment with this
marker or update it in place; otherwise print the text.`,
		Example: `  zagg bench comment --records metrics.json
  GITHUB_TOKEN=… zagg bench comment --records metrics.json --repo englacial/zagg --pr-number 12`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := bench.ReadRecords(records)
			if err != nil {
				return err
			}
			if stale {
				note = bench.StaleWorker
			}
			text := bench.Comment(list, note)
			if err := bench.WriteComment(output, text); err != nil {
				return err
			}
			if pr == 0 {
				if output == "" {
					fmt.Fprint(a.stdout, text)
				}
				return nil
			}
			g.Token = os.Getenv("GITHUB_TOKEN")
			created, err := g.Post(cmd.Context(), pr, text)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "comment on #%d %s\n", pr, map[bool]string{true: "created", false: "updated"}[created])
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&records, "records", "", "records of a run, JSON")
	f.StringVarP(&output, "output", "o", "", "also write the text to this file")
	f.StringVar(&note, "note", "", "a quoted line above the table")
	f.BoolVar(&stale, "stale-worker", false, "note that the worker is the stable one, not the pull request's")
	f.Int64Var(&pr, "pr-number", 0, "the pull request to comment on")
	githubFlags(f, &g)
	return required(c, "records")
}

func (a *app) benchGateCommand() *cobra.Command {
	var g bench.GitHub
	var event, payload, output string
	c := &cobra.Command{
		Use:   "gate --event NAME --payload FILE",
		Short: "Decide whether a comment or label may start a run",
		Long: `Read a GitHub event. A new comment on a pull request with a line that begins with /benchmark, or the label benchmark, requests
a run. The author must have write or admin permission. The outputs are run=true|false, pr=N and head=COMMIT. A refused request
is a notice, not an error.`,
		Example: `  zagg bench gate --event "$GITHUB_EVENT_NAME" --payload "$GITHUB_EVENT_PATH" --github-output "$GITHUB_OUTPUT"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g.Token = os.Getenv("GITHUB_TOKEN")
			verdict, err := g.Gate(cmd.Context(), event, payload)
			if err != nil {
				return err
			}
			if !verdict.Run { // a notice that GitHub shows
				fmt.Fprintf(a.stderr, "::notice title=benchmark::no run: %s\n", verdict.Reason)
				return bench.WriteOutputs(a.stdout, output, [2]string{"run", "false"})
			}
			return bench.WriteOutputs(a.stdout, output, [2]string{"run", "true"}, [2]string{"pr", strconv.FormatInt(verdict.PR, 10)}, [2]string{"head", verdict.Head})
		},
	}
	f := c.Flags()
	f.StringVar(&event, "event", "", "name of the event: issue_comment, pull_request_target")
	f.StringVar(&payload, "payload", "", "file with the event")
	f.StringVar(&output, "github-output", "", "file to append the outputs to (default: standard output)")
	githubFlags(f, &g)
	return required(c, "event", "payload")
}

func (a *app) benchClosureCommand() *cobra.Command {
	var base, head, main, output, dir string
	c := &cobra.Command{
		Use:   "closure --base REV [--head REV]",
		Short: "Check whether a change affects the function",
		Long: `List the changed files that the worker is built from or deployed with: the dependencies of its main package, go.mod, go.sum
and deploy/. The output is affects=true|false.`,
		Example: `  zagg bench closure --base origin/main
  zagg bench closure --base "$BASE_SHA" --head "$HEAD_SHA" --github-output "$GITHUB_OUTPUT"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			changed, err := bench.ChangedFiles(cmd.Context(), dir, base, head)
			if err != nil {
				return err
			}
			closure, err := bench.NewClosure(cmd.Context(), dir, main)
			if err != nil {
				return err
			}
			touched := closure.Touched(changed)
			for _, f := range touched {
				fmt.Fprintln(a.stderr, f)
			}
			return bench.WriteOutputs(a.stdout, output, [2]string{"affects", strconv.FormatBool(len(touched) > 0)})
		},
	}
	f := c.Flags()
	f.StringVar(&base, "base", "", "base revision")
	f.StringVar(&head, "head", "HEAD", "revision with the change")
	f.StringVar(&main, "main", "./cmd/zagg-worker", "the function's main package")
	f.StringVar(&dir, "source", ".", "the repository")
	f.StringVar(&output, "github-output", "", "file to append the output to (default: standard output)")
	return required(c, "base")
}

func (a *app) benchDoctorCommand() *cobra.Command {
	var g bench.GitHub
	var s bench.Setup
	var noAWS, noGitHub bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the one-time set-up of the benchmark, and print the missing steps",
		Long: `Check the set-up of docs/benchmark-setup.md: the OpenID Connect provider, the roles and the public bucket in the AWS account
of the environment's credentials, and the variables, secret, branch, label and environment on GitHub. For everything that is
missing, print the command that sets it up. The exit code is 1 if something is missing or could not be checked.`,
		Example: `  GITHUB_TOKEN=… zagg bench doctor --repo englacial/zagg --dist-bucket sliderule-public-cors
  zagg bench doctor --no-aws`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.Repo = g.Repo
			if !noGitHub {
				if g.Repo == "" {
					return fmt.Errorf("--repo is missing: %w for `zagg bench doctor`", errUsage)
				}
				g.Token = os.Getenv("GITHUB_TOKEN")
				s.GitHub = &g
			}
			if !noAWS {
				var err error
				if s.Account, err = bench.OpenAccount(cmd.Context()); err != nil {
					return err
				}
			}
			if wrong := bench.Examine(cmd.Context(), a.stdout, s.Checks()); wrong > 0 {
				return core.Errorf(core.Invalid, "doctor", s.Repo, "%d steps of the benchmark's set-up are missing", wrong)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&s.DistBucket, "dist-bucket", "", "distribution bucket of releases")
	f.BoolVar(&noAWS, "no-aws", false, "do not check the AWS account")
	f.BoolVar(&noGitHub, "no-github", false, "do not check GitHub")
	githubFlags(f, &g)
	return c
}
