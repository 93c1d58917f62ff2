// Package deploy stands up zagg's functions on AWS with CloudFormation change sets: what would change is shown before it
// is done, and a failure says which resource and why.
//
// Its tests are in test/deploy, against a simulated AWS.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/englacial/zagg/core"
)

// A Stack is one CloudFormation stack.
type Stack struct {
	Client *cloudformation.Client
	Name   string
	Poll   time.Duration // between questions; 0: two seconds

	summary *templateSummary // of the template asked for last
}

// A templateSummary is what CloudFormation says of a template.
type templateSummary struct {
	template   string
	parameters []types.ParameterDeclaration
}

// declared are a template's parameters, which CloudFormation is asked for once.
func (s *Stack) declared(ctx context.Context, template string) ([]types.ParameterDeclaration, error) {
	if s.summary == nil || s.summary.template != template {
		out, err := s.Client.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{TemplateBody: &template})
		if err != nil {
			return nil, s.fail(err)
		}
		s.summary = &templateSummary{template, out.Parameters}
	}
	return s.summary.parameters, nil
}

// A State is what a stack is now.
type State struct {
	Name       string            `json:"stack"`
	Status     string            `json:"status"` // of CloudFormation: CREATE_COMPLETE, …
	Reason     string            `json:"reason,omitempty"`
	Parameters map[string]string `json:"parameters"`
	Outputs    map[string]string `json:"outputs"`
	Updated    time.Time         `json:"updated"`
}

// Describe says what the stack is now; core.NotFound if there is none.
func (s *Stack) Describe(ctx context.Context) (*State, error) {
	out, err := s.Client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &s.Name})
	if err != nil {
		if absent(err) {
			return nil, core.Errorf(core.NotFound, "deploy", s.Name, "there is no such stack")
		}
		return nil, s.fail(err)
	}
	if len(out.Stacks) == 0 {
		return nil, core.Errorf(core.NotFound, "deploy", s.Name, "there is no such stack")
	}
	st := out.Stacks[0]
	state := &State{Name: s.Name, Status: string(st.StackStatus), Reason: aws.ToString(st.StackStatusReason), Parameters: map[string]string{}, Outputs: map[string]string{}, Updated: aws.ToTime(st.CreationTime)}
	if st.LastUpdatedTime != nil {
		state.Updated = *st.LastUpdatedTime
	}
	for _, p := range st.Parameters {
		state.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, o := range st.Outputs {
		state.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return state, nil
}

func absent(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && e.ErrorCode() == "ValidationError" && strings.Contains(e.ErrorMessage(), "does not exist")
}

// fail gives an AWS error a code.
func (s *Stack) fail(err error) error { return awsError("deploy", s.Name, err) }

func awsError(op, subject string, err error) error {
	code := core.Internal
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		switch e.ErrorCode() {
		case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "Forbidden", "SignatureDoesNotMatch":
			code = core.Denied
		case "Throttling", "ThrottlingException", "ServiceUnavailable", "RequestLimitExceeded":
			code = core.Unavailable
		case "NotFound", "NoSuchBucket", "ResourceNotFoundException":
			code = core.NotFound
		case "ValidationError", "InvalidParameterValueException":
			code = core.Invalid
		}
	}
	return core.Errorf(code, op, subject, "%w", err)
}

// A Change is one resource that a plan would make, change or remove.
type Change struct {
	Action      string `json:"action"` // Add, Modify, Remove, Import, Dynamic
	Resource    string `json:"resource"`
	Type        string `json:"type"`
	Replacement bool   `json:"replacement"` // the resource would be made anew
}

// A Plan is a change set that was made and not yet executed.
type Plan struct {
	Create  bool // the stack does not exist yet
	Changes []Change
	id      string
}

// Plan makes a change set. Parameters that are not given keep their value, or their default in a new stack. Without a
// change the plan is nil.
func (s *Stack) Plan(ctx context.Context, template string, parameters map[string]string) (*Plan, error) {
	state, err := s.Describe(ctx)
	if err != nil && !core.Is(err, core.NotFound) {
		return nil, err
	}
	if state != nil && (state.Status == "ROLLBACK_COMPLETE" || state.Status == "ROLLBACK_FAILED") {
		return nil, core.Errorf(core.Invalid, "deploy", s.Name, "its creation failed (%s); `zagg deploy down` removes what is left, then try again", state.Status)
	}
	if state != nil && strings.HasSuffix(state.Status, "_IN_PROGRESS") && state.Status != "REVIEW_IN_PROGRESS" {
		return nil, core.Errorf(core.Unavailable, "deploy", s.Name, "it is being changed by someone else: %s", state.Status)
	}
	create := state == nil || state.Status == "REVIEW_IN_PROGRESS"
	kept, err := s.parameters(ctx, template, parameters, create)
	if err != nil {
		return nil, err
	}
	kind := types.ChangeSetTypeUpdate
	if create {
		kind = types.ChangeSetTypeCreate
	}
	out, err := s.Client.CreateChangeSet(ctx, &cloudformation.CreateChangeSetInput{
		StackName: &s.Name, ChangeSetName: aws.String(fmt.Sprintf("zagg-%d", time.Now().UnixNano())), ChangeSetType: kind, TemplateBody: &template,
		Parameters: kept, Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam},
		Tags: []types.Tag{{Key: aws.String("application"), Value: aws.String("zagg")}},
	})
	if err != nil {
		if nothingToDo(err.Error()) {
			return nil, nil
		}
		return nil, s.fail(err)
	}
	return s.awaitPlan(ctx, &Plan{Create: create, id: aws.ToString(out.Id)})
}

// parameters are all of the template's, so that a parameter that is not given keeps its value.
func (s *Stack) parameters(ctx context.Context, template string, given map[string]string, create bool) ([]types.Parameter, error) {
	declared, err := s.declared(ctx, template)
	if err != nil {
		return nil, err
	}
	old := map[string]string{}
	if !create {
		state, err := s.Describe(ctx)
		if err != nil {
			return nil, err
		}
		old = state.Parameters
	}
	var out []types.Parameter
	known := map[string]bool{}
	for _, p := range declared {
		name := aws.ToString(p.ParameterKey)
		known[name] = true
		if v, ok := given[name]; ok {
			out = append(out, types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(v)})
		} else if _, ok := old[name]; ok {
			out = append(out, types.Parameter{ParameterKey: aws.String(name), UsePreviousValue: aws.Bool(true)})
		} else if p.DefaultValue == nil {
			return nil, core.Errorf(core.Invalid, "deploy", name, "this parameter has no default and was not given")
		}
	}
	for name := range given {
		if !known[name] {
			return nil, core.Errorf(core.Invalid, "deploy", name, "the template has no such parameter")
		}
	}
	return out, nil
}

// nothingToDo reports whether CloudFormation says that a stack is as asked for: when the change set is made or, as some
// services that speak its language do, when it is asked for.
func nothingToDo(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed")
}

// awaitPlan waits until the change set is made.
func (s *Stack) awaitPlan(ctx context.Context, p *Plan) (*Plan, error) {
	for {
		out, err := s.Client.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: &p.id, StackName: &s.Name})
		if err != nil {
			return nil, s.fail(err)
		}
		switch out.Status {
		case types.ChangeSetStatusCreateComplete:
			return p, s.readChanges(ctx, p, out)
		case types.ChangeSetStatusFailed:
			reason := aws.ToString(out.StatusReason)
			if err := s.discard(ctx, p); err != nil {
				return nil, err
			}
			if nothingToDo(reason) {
				return nil, nil
			}
			return nil, core.Errorf(core.Invalid, "deploy", s.Name, "%s", reason)
		}
		if err := s.sleep(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *Stack) readChanges(ctx context.Context, p *Plan, page *cloudformation.DescribeChangeSetOutput) error {
	for {
		for _, c := range page.Changes {
			if r := c.ResourceChange; r != nil {
				p.Changes = append(p.Changes, Change{
					Action: string(r.Action), Resource: aws.ToString(r.LogicalResourceId), Type: aws.ToString(r.ResourceType), Replacement: r.Replacement == types.ReplacementTrue,
				})
			}
		}
		if page.NextToken == nil {
			return nil
		}
		var err error
		page, err = s.Client.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: &p.id, StackName: &s.Name, NextToken: page.NextToken})
		if err != nil {
			return s.fail(err)
		}
	}
}

// discard deletes a plan that is not wanted, and the empty stack that it made if there was none.
func (s *Stack) discard(ctx context.Context, p *Plan) error {
	if _, err := s.Client.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: &p.id, StackName: &s.Name}); err != nil {
		return s.fail(err)
	}
	if !p.Create {
		return nil
	}
	if _, err := s.Client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &s.Name}); err != nil && !absent(err) {
		return s.fail(err)
	}
	return nil
}

// Execute carries a plan out and waits for its end; say gets a line for each resource.
func (s *Stack) Execute(ctx context.Context, p *Plan, say func(string)) error {
	began := time.Now().Add(-time.Minute)
	if _, err := s.Client.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{ChangeSetName: &p.id, StackName: &s.Name}); err != nil {
		return s.fail(err)
	}
	return s.follow(ctx, began, say, func(status string) (done bool, ok bool) {
		return !strings.HasSuffix(status, "_IN_PROGRESS"), status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE"
	})
}

// Delete removes the stack and waits for its end. A stack that is not there is no error.
func (s *Stack) Delete(ctx context.Context, say func(string)) error {
	began := time.Now().Add(-time.Minute)
	if _, err := s.Client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &s.Name}); err != nil && !absent(err) {
		return s.fail(err)
	}
	err := s.follow(ctx, began, say, func(status string) (done bool, ok bool) {
		return !strings.HasSuffix(status, "_IN_PROGRESS"), status == "DELETE_COMPLETE"
	})
	if core.Is(err, core.NotFound) {
		return nil
	}
	return err
}

// follow says each event once until the stack has come to an end.
func (s *Stack) follow(ctx context.Context, began time.Time, say func(string), ended func(status string) (done, ok bool)) error {
	seen := map[string]bool{}
	for {
		state, err := s.Describe(ctx)
		if err != nil {
			return err
		}
		failure, err := s.events(ctx, began, seen, say)
		if err != nil {
			return err
		}
		if done, ok := ended(state.Status); ok {
			return nil
		} else if done {
			if failure == "" {
				failure = state.Reason
			}
			return core.Errorf(core.Invalid, "deploy", s.Name, "%s: %s", state.Status, failure)
		}
		if err := s.sleep(ctx); err != nil {
			return err
		}
	}
}

// events says what is new, oldest first, and gives the first failure.
func (s *Stack) events(ctx context.Context, began time.Time, seen map[string]bool, say func(string)) (string, error) {
	out, err := s.Client.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: &s.Name})
	if err != nil {
		if absent(err) {
			return "", nil
		}
		return "", s.fail(err)
	}
	slices.Reverse(out.StackEvents)
	failure := ""
	for _, e := range out.StackEvents {
		if aws.ToTime(e.Timestamp).Before(began) {
			continue
		}
		reason, status := aws.ToString(e.ResourceStatusReason), string(e.ResourceStatus)
		if failure == "" && strings.HasSuffix(status, "_FAILED") && !strings.Contains(reason, "cancelled") {
			failure = fmt.Sprintf("%s (%s): %s", aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceType), reason)
			if strings.Contains(reason, "already exists") {
				failure += fmt.Sprintf("; %s is not of this stack: remove it if nobody needs it, or give another --function-name", aws.ToString(e.PhysicalResourceId))
			}
		}
		if id := aws.ToString(e.EventId); !seen[id] {
			seen[id] = true
			say(strings.TrimSpace(fmt.Sprintf("%s %s %s", status, aws.ToString(e.LogicalResourceId), reason)))
		}
	}
	return failure, nil
}

func (s *Stack) sleep(ctx context.Context) error {
	poll := s.Poll
	if poll == 0 {
		poll = 2 * time.Second
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(poll):
		return nil
	}
}
