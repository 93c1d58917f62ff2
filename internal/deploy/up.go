package deploy

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
)

// ErrDeclined is of what was not done because who was asked said no; nothing was changed.
var ErrDeclined = errors.New("declined")

// An Asker is who watches a stack change.
type Asker struct {
	Confirm func(question string) bool
	Say     func(line string) // what happens, as it does
	Show    func(*Plan)       // what would change, before it is asked for
	Log     io.Writer         // of building and uploading
}

// An Up is what a service's stack is to be.
type Up struct {
	Service   Service
	Given     map[string]string // parameters of its template; the others stay as they are
	Create    bool              // where there is no stack one is made
	Bundle    string            // zip of the function; "": Create builds it, and otherwise it stays as it is
	Artifacts string            // bucket of the zip; "": Delivery's default
}

// Up creates or changes the stack, and reports whether there was anything to change.
func (c *Cloud) Up(ctx context.Context, u Up, ask Asker) (changed bool, err error) {
	state, err := c.Stack.Describe(ctx)
	if err != nil && (!u.Create || !core.Is(err, core.NotFound)) {
		return false, err
	}
	if err := u.Service.own(state); err != nil {
		return false, err
	}
	given := maps.Clone(u.Given)
	if state == nil {
		if err := c.Preflight(ask.Say).Check(ctx, c.Stack, u.Service.Template, given); err != nil {
			return false, err
		}
	}
	if given["ReservedConcurrency"] == "0" && !ask.Confirm("--reserved-concurrency 0 keeps the function from running at all. Go on?") {
		return false, ErrDeclined
	}
	if u.Bundle != "" || u.Create {
		if given["ArtifactBucket"], given["FunctionS3Key"], err = c.Deliver(ctx, Delivery{
			Service: u.Service, Architecture: architectureOf(given, state), Bundle: u.Bundle, Bucket: u.Artifacts, Log: ask.Log,
		}); err != nil {
			return false, err
		}
	}
	plan, err := c.Stack.Plan(ctx, u.Service.Template, given)
	if err != nil || plan == nil {
		return false, err
	}
	ask.Show(plan)
	if !ask.Confirm("Go on?") {
		if err := c.Stack.discard(ctx, plan); err != nil {
			return false, err
		}
		return false, ErrDeclined
	}
	return true, c.Stack.Execute(ctx, plan, ask.Say)
}

// Down removes the stack of a service. Question says what of the stack is asked.
func (c *Cloud) Down(ctx context.Context, s Service, question func(*State) string, ask Asker) (*State, error) {
	state, err := c.Stack.Describe(ctx)
	if err == nil {
		err = s.own(state)
	}
	if err != nil {
		return nil, err
	}
	if !ask.Confirm(question(state)) {
		return nil, ErrDeclined
	}
	return state, c.Stack.Delete(ctx, ask.Say)
}

// own refuses to turn one service's stack into another's, or to remove it for that.
func (s Service) own(state *State) error {
	if state == nil || s.made(state) {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(Services())) {
		if other := Services()[name]; len(other.Needs) > 0 && other.made(state) {
			return core.Errorf(core.Invalid, "deploy", state.Name, "this stack is the service %s, not %s: give --service %s, or another --stack", name, s.Name, name)
		}
	}
	return nil
}
