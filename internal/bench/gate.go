package bench

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// Command is what a comment begins with to ask for a run.
const Command = "/benchmark"

// Label is the label of a pull request that asks for a run.
const Label = "benchmark"

// Asks reports whether a comment asks for a run: a line begins with the command, and white space or the line's end comes
// after it. Paths, URLs, longer words, quotes and code do not ask.
func Asks(comment string) bool {
	fenced := false
	for line := range strings.Lines(comment) {
		line = strings.TrimRight(line, "\r\n")
		if fence := strings.TrimLeft(line, " "); strings.HasPrefix(fence, "```") || strings.HasPrefix(fence, "~~~") {
			fenced = !fenced
			continue
		}
		rest, ok := strings.CutPrefix(line, Command)
		if ok && !fenced && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return true
		}
	}
	return false
}

// MayRun reports whether somebody of this permission in the repository may start a run that others pay for.
func MayRun(permission string) bool {
	return slices.Contains([]string{"admin", "write"}, permission)
}

// A Request is a wish for a run on a pull request, as read from a GitHub event.
type Request struct {
	PR    int64
	Actor string // who commented or labelled
	Head  string // the commit that was labelled; "": the event does not say
}

// ParseEvent reads a GitHub event of the kind name. A nil request has a reason why the event asks for nothing.
func ParseEvent(name string, payload []byte) (req *Request, reason string, err error) {
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
		case !Asks(e.Comment.Body):
			return nil, "no line of the comment begins with " + Command, nil
		}
		return &Request{PR: e.Issue.Number, Actor: e.Comment.User.Login}, "", nil
	case "pull_request_target":
		if e.Action != "labeled" || e.Label.Name != Label {
			return nil, "the label that asks for a run is " + Label, nil
		}
		return &Request{PR: e.PullRequest.Number, Actor: e.Sender.Login, Head: e.PullRequest.Head.SHA}, "", nil
	}
	return nil, "", core.Errorf(core.Invalid, "read event", name, "issue_comment or pull_request_target is expected")
}
