package quickdeploy

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/deploy"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/zippatch"
)

// Options say which zip is changed, how, and which functions take it.
type Options struct {
	Zip       string   // s3://bucket/key; "": that which the stack was made from
	Stack     string   // update all functions of this CloudFormation stack; "": those of Functions
	Region    string   // of the functions and the zip
	Functions []string // by name or ARN
	Changes   []Change // of files in the zip

	Build    *bundle.Options // build the zip's function anew and change what differs; nil: do not
	Local    bool            // change the zip from this machine, not by a function
	Zipedit  string          // the function that changes the zip
	DryRun   bool            // say what would be done and do nothing
	Rollback bool            // go back to the version of the zip before

	Out io.Writer // for what would be done
	Log io.Writer // for what is being done
}

// A Session is one change of a zip, and of the functions that are made from it, under way.
type Session struct {
	Functions []string // sorted, each once

	o      Options
	zip    *zippatch.Object
	lambda *lambda.Client
	poll   time.Duration
	began  time.Time
}

// A Report is what was done.
type Report struct {
	Zip       string   `json:"zip"`
	Added     int      `json:"added"`
	Modified  int      `json:"modified"`
	Deleted   int      `json:"deleted"`
	Restored  string   `json:"restored_version,omitempty"`
	Seconds   float64  `json:"seconds"`
	Functions []Result `json:"functions"`
}

// Failed is the number of functions that do not have the new code.
func (r *Report) Failed() int {
	failed := 0
	for _, f := range r.Functions {
		if f.Err != nil {
			failed++
		}
	}
	return failed
}

// Open finds the zip and the functions.
func Open(ctx context.Context, o Options) (*Session, error) {
	c, err := deploy.OpenCloud(ctx, o.Region, o.Stack)
	if err != nil {
		return nil, err
	}
	s := &Session{o: o, lambda: lambda.NewFromConfig(c.Config), Functions: slices.Clone(o.Functions), poll: c.Stack.Poll / 4, began: time.Now()}
	address := o.Zip
	if o.Stack != "" {
		if s.Functions, err = c.Stack.Functions(ctx); err != nil {
			return nil, err
		}
		if address == "" {
			state, err := c.Stack.Describe(ctx)
			if err != nil {
				return nil, err
			}
			bucket, key := state.Parameters["ArtifactBucket"], state.Parameters["FunctionS3Key"]
			if bucket == "" || key == "" {
				return nil, core.Errorf(core.Invalid, "--stack", o.Stack, "zagg deploy did not make this stack: say which zip its functions are made from with --zip")
			}
			address = "s3://" + bucket + "/" + key
		}
	}
	slices.Sort(s.Functions)
	if s.Functions = slices.Compact(s.Functions); len(s.Functions) == 0 {
		return nil, core.Errorf(core.NotFound, "--stack", o.Stack, "the stack has no Lambda function")
	}
	bucket, key, err := zippatch.Address(address)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "--zip", "", "%w", err)
	}
	s.zip = &zippatch.Object{Client: zippatch.NewClient(c.Config), Bucket: bucket, Key: key}
	return s, nil
}

// ChangeZip changes the zip or goes back to its version before; in a dry run it says what would be done.
func (s *Session) ChangeZip(ctx context.Context) (*Report, error) {
	done := &Report{Zip: s.zip.URL()}
	if s.o.Rollback {
		return done, s.goBack(ctx, done)
	}
	return done, s.change(ctx, done)
}

// Update has all functions take the zip at the same time; one that fails does not hold the others up. say is told what each is at, from
// several goroutines; may be nil.
func (s *Session) Update(ctx context.Context, done *Report, say func(function, state string)) {
	u := &updater{client: s.lambda, bucket: s.zip.Bucket, key: s.zip.Key, poll: s.poll, report: say}
	done.Functions = u.all(ctx, s.Functions)
	done.Seconds = time.Since(s.began).Seconds()
}

// change patches the zip.
func (s *Session) change(ctx context.Context, done *Report) error {
	changes := s.o.Changes
	if s.o.Build != nil {
		built, err := s.rebuilt(ctx)
		if err != nil {
			return err
		}
		changes = append(built, changes...)
	}
	if s.o.DryRun {
		return s.dryRun(ctx, changes)
	}
	if len(changes) == 0 {
		fmt.Fprintf(s.o.Log, "Nothing in %s has changed.\n", s.zip.URL())
		return nil
	}
	began := time.Now()
	var n zippatch.Counts
	var err error
	if s.o.Local {
		n, err = local(ctx, s.zip, changes)
	} else {
		n, err = Remote(ctx, s.lambda, s.o.Zipedit, s.zip, changes)
		if core.Is(err, core.NotFound) {
			err = fmt.Errorf("%w\n`zagg deploy up --service zipedit --zip-bucket %s` makes the function; --local does without it", err, s.zip.Bucket)
		}
	}
	if err != nil {
		return err
	}
	done.Added, done.Modified, done.Deleted = n.Added, n.Modified, n.Deleted
	fmt.Fprintf(s.o.Log, "%s: %d added, %d modified, %d deleted in %s\n", s.zip.URL(), n.Added, n.Modified, n.Deleted, quantity.Seconds(time.Since(began).Seconds()))
	return nil
}

// rebuilt are the files that differ when the function is built from the working tree.
func (s *Session) rebuilt(ctx context.Context) ([]Change, error) {
	began := time.Now()
	changes, err := differences(ctx, s.zip, *s.o.Build, s.o.Log)
	if err == nil {
		fmt.Fprintf(s.o.Log, "Built in %s; %d files differ\n", quantity.Seconds(time.Since(began).Seconds()), len(changes))
	}
	return changes, err
}

// goBack makes the version before the present one.
func (s *Session) goBack(ctx context.Context, done *Report) error {
	v, err := s.zip.Previous(ctx)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s: version %s of %s", s.zip.URL(), v.ID, v.Modified.UTC().Format(time.RFC3339))
	if s.o.DryRun {
		fmt.Fprintf(s.o.Out, "Would restore %s\n", what)
		return s.wouldUpdate(ctx)
	}
	if err := s.zip.Restore(ctx, v); err != nil {
		return err
	}
	done.Restored = v.ID
	fmt.Fprintf(s.o.Log, "%s restored\n", what)
	return nil
}

// dryRun says what a patch would do.
func (s *Session) dryRun(ctx context.Context, changes []Change) error {
	old, err := s.zip.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range changes {
		e := old.Find(c.Name)
		switch {
		case c.Data == nil && e == nil:
			return core.Errorf(core.NotFound, "--delete", c.Name, "is not in %s", s.zip.URL())
		case c.Data == nil:
			fmt.Fprintf(s.o.Out, "Would delete %s, %s bytes\n", c.Name, humanize.Comma(e.Size()))
		case e == nil:
			fmt.Fprintf(s.o.Out, "Would add %s, %s bytes\n", c.Name, humanize.Comma(int64(len(c.Data))))
		default:
			fmt.Fprintf(s.o.Out, "Would modify %s, %s bytes, now %s\n", c.Name, humanize.Comma(int64(len(c.Data))), humanize.Comma(e.Size()))
		}
	}
	return s.wouldUpdate(ctx)
}

func (s *Session) wouldUpdate(ctx context.Context) error {
	for _, name := range s.Functions {
		out, err := s.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return core.Errorf(core.NotFound, "function", name, "%w", err)
		}
		fmt.Fprintf(s.o.Out, "Would update %s, code %s\n", name, cmp.Or(*out.CodeSha256, "unknown"))
	}
	return nil
}
