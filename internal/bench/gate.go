package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// command is what a comment begins with to ask for a run.
const command = "/benchmark"

// label is the label of a pull request that asks for a run.
const label = "benchmark"

// asks reports whether a comment asks for a run: a line begins with the command, and white space or the line's end comes
// after it. Paths, URLs, longer words, quotes and code do not ask.
func asks(comment string) bool {
	fenced := false
	for line := range strings.Lines(comment) {
		line = strings.TrimRight(line, "\r\n")
		if fence := strings.TrimLeft(line, " "); strings.HasPrefix(fence, "```") || strings.HasPrefix(fence, "~~~") {
			fenced = !fenced
			continue
		}
		rest, ok := strings.CutPrefix(line, command)
		if ok && !fenced && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return true
		}
	}
	return false
}

// mayRun reports whether somebody of this permission in the repository may start a run that others pay for.
func mayRun(permission string) bool {
	return slices.Contains([]string{"admin", "write"}, permission)
}

// A request is a wish for a run on a pull request, as read from a GitHub event.
type request struct {
	PR    int64
	Actor string // who commented or labelled
	Head  string // the commit that was labelled; "": the event does not say
}

// parseEvent reads a GitHub event of the kind name. A nil request has a reason why the event asks for nothing.
func parseEvent(name string, payload []byte) (req *request, reason string, err error) {
	var e struct {
		Action string
		Label  struct{ Name string }
		Sender struct{ Login string }
		Issue  struct {
			Number      int64
			PullRequest *struct{} `json:"pull_request"`
		}
		Comment struct {
			Body string
			User struct{ Login string }
		}
		PullRequest struct {
			Number int64
			Head   struct{ SHA string }
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, "", core.Errorf(core.Invalid, "read event", name, "%w", err)
	}
	switch name {
	case "issue_comment":
		switch {
		case e.Action != "created":
			return nil, fmt.Sprintf("the comment was %s, not created", e.Action), nil
		case e.Issue.PullRequest == nil:
			return nil, "the comment is on an issue, not on a pull request", nil
		case !asks(e.Comment.Body):
			return nil, "no line of the comment begins with " + command, nil
		}
		return &request{PR: e.Issue.Number, Actor: e.Comment.User.Login}, "", nil
	case "pull_request_target":
		if e.Action != "labeled" || e.Label.Name != label {
			return nil, "the label that asks for a run is " + label, nil
		}
		return &request{PR: e.PullRequest.Number, Actor: e.Sender.Login, Head: e.PullRequest.Head.SHA}, "", nil
	}
	return nil, "", core.Errorf(core.Invalid, "read event", name, "issue_comment or pull_request_target is expected")
}

// A Verdict is whether an event may start a run.
type Verdict struct {
	Run    bool
	Reason string // why not
	PR     int64
	Head   string // the commit to measure
}

// Gate reads the GitHub event of the kind name from a file and asks whether who made it may start a run.
func (g GitHub) Gate(ctx context.Context, name, file string) (Verdict, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Verdict{}, core.Wrap(err, "read event", file)
	}
	r, reason, err := parseEvent(name, text)
	if err != nil || r == nil {
		return Verdict{Reason: reason}, err
	}
	permission, err := g.permission(ctx, r.Actor)
	if err != nil {
		return Verdict{}, err
	}
	if !mayRun(permission) {
		return Verdict{Reason: r.Actor + " may not start runs here: write permission is needed"}, nil
	}
	head, err := g.head(ctx, r)
	return Verdict{Run: err == nil, PR: r.PR, Head: head}, err
}

// WriteOutputs adds name=value lines to a writer, or to the file that a workflow's step hands on.
func WriteOutputs(w io.Writer, file string, pairs ...[2]string) error {
	if file != "" {
		f, err := os.OpenFile(filepath.Clean(file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return core.Wrap(err, "write outputs", file)
		}
		defer f.Close()
		w = f
	}
	for _, p := range pairs {
		if _, err := fmt.Fprintf(w, "%s=%s\n", p[0], p[1]); err != nil {
			return core.Wrap(err, "write outputs", file)
		}
	}
	return nil
}
