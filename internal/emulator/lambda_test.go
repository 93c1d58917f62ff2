package emulator

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// The test binary is also the bootstrap that sandboxes run.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		if os.Getenv("BROKEN") != "" {
			fmt.Println("cannot begin")
			os.Exit(3)
		}
		lambda.Start(handle)
	}
	os.Exit(m.Run())
}

type event struct {
	Do    string `json:"do"`
	Sleep int    `json:"sleep"` // ms
}

var served int

func handle(ctx context.Context, e event) (map[string]any, error) {
	lc, _ := lambdacontext.FromContext(ctx)
	fmt.Println("doing", e.Do, lc.AwsRequestID)
	served++
	time.Sleep(time.Duration(e.Sleep) * time.Millisecond)
	switch e.Do {
	case "fail":
		return nil, errors.New("it failed")
	case "panic":
		panic("lost")
	case "exit":
		os.Exit(4)
	case "eat":
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = byte(i)
			}
			all = append(all, b)
			time.Sleep(time.Duration(len(all[0])) * time.Nanosecond)
		}
	case "huge":
		return map[string]any{"text": strings.Repeat("x", 7<<20)}, nil
	}
	deadline, _ := ctx.Deadline()
	return map[string]any{"served": served, "memory": os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), "own": os.Getenv("OWN"),
		"tmp": os.TempDir(), "seconds": int(time.Until(deadline).Seconds() + 0.5), "arn": lc.InvokedFunctionArn, "pid": os.Getpid()}, nil
}

func start(t *testing.T, o Options, functions ...Function) (*Lambda, *sdk.Client) {
	t.Helper()
	l, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	for _, f := range functions {
		if f.Handler == nil && f.Bootstrap == "" {
			f.Bootstrap, err = os.Executable()
			require.NoError(t, err)
		}
		require.NoError(t, l.Deploy(f))
	}
	return l, sdk.New(sdk.Options{BaseEndpoint: aws.String(l.URL()), Region: l.Region(), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		Retryer: aws.NopRetryer{}})
}

func invoke(t *testing.T, c *sdk.Client, name, payload string) (*sdk.InvokeOutput, map[string]any) {
	t.Helper()
	out, err := c.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: &name, Payload: []byte(payload), LogType: types.LogTypeTail})
	require.NoError(t, err)
	doc := map[string]any{}
	require.NoError(t, json.Unmarshal(out.Payload, &doc), string(out.Payload))
	return out, doc
}

func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestInvoke(t *testing.T) {
	l, c := start(t, Options{}, Function{Name: "f", Memory: 256, Timeout: 20 * time.Second, Env: map[string]string{"OWN": "yes"}})
	out, first := invoke(t, c, "f", `{"do": "it"}`)
	require.Nil(t, out.FunctionError)
	require.Equal(t, "$LATEST", *out.ExecutedVersion)
	require.Equal(t, "256", first["memory"])
	require.Equal(t, "yes", first["own"])
	require.EqualValues(t, 20, first["seconds"])
	require.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:f", first["arn"])
	tail, err := base64.StdEncoding.DecodeString(*out.LogResult)
	require.NoError(t, err)
	require.Regexp(t, `(?s)^START RequestId: [-0-9a-f]{36} Version: \$LATEST\ndoing it .*\nEND RequestId: .*\nREPORT RequestId: .*\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t\n$`, string(tail))

	_, second := invoke(t, c, l.arn("f")+":$LATEST", `{}`)
	require.Equal(t, first["pid"], second["pid"], "a warm sandbox is used again")
	require.EqualValues(t, 2, second["served"])
	s := l.Stats()
	require.EqualValues(t, 2, s.Invocations)
	require.EqualValues(t, 1, s.ColdStarts)
	r := l.Reports()
	require.Positive(t, r[0].Init)
	require.Zero(t, r[1].Init)
	require.Contains(t, l.Logs("f"), "doing it")
}

func TestFunctionErrors(t *testing.T) {
	l, c := start(t, Options{}, Function{Name: "f", Memory: 1024, Timeout: time.Minute}, Function{Name: "small", Memory: 256, Timeout: time.Minute},
		Function{Name: "short", Memory: 512, Timeout: 300 * time.Millisecond}, Function{Name: "broken", Env: map[string]string{"BROKEN": "1"}})
	for _, c2 := range []struct{ function, event, kind, text, log string }{
		{"f", `{"do": "fail"}`, "errorString", "it failed", "Error Type: Function.Error"},
		{"f", `{"do": "panic"}`, "string", "lost", "lost"},
		{"f", `{"do": "exit"}`, "Runtime.ExitError", "exit status 4", "Error Type: Runtime.ExitError"},
		{"small", `{"do": "eat"}`, "Runtime.ExitError", "signal: killed", "Max Memory Used: 256 MB\tInit Duration"},
		{"f", `{"do": "huge"}`, "Function.ResponseSizeTooLarge", "6291456 bytes", "Status: error"},
		{"short", `{"sleep": 60000}`, "Sandbox.Timedout", "Task timed out after 0.30 seconds", "Status: timeout"},
		{"broken", `{}`, "Runtime.ExitError", "exit status 3", "cannot begin"},
	} {
		out, doc := invoke(t, c, c2.function, c2.event)
		require.Equal(t, "Unhandled", *out.FunctionError, c2.event)
		require.Equal(t, c2.kind, doc["errorType"])
		require.Contains(t, doc["errorMessage"], c2.text)
		tail, err := base64.StdEncoding.DecodeString(*out.LogResult)
		require.NoError(t, err)
		require.Contains(t, string(tail), c2.log)
	}
	_, doc := invoke(t, c, "f", `{}`)
	require.EqualValues(t, 2, doc["served"], "a sandbox whose answer was too large lives on")
	s := l.Stats()
	require.EqualValues(t, 7, s.Failed)
	require.EqualValues(t, 1, s.OutOfMemory)
	require.EqualValues(t, 1, s.TimedOut)
}

func TestRequestErrors(t *testing.T) {
	_, c := start(t, Options{MaxEvent: 1000}, Function{Name: "f", Handler: func(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }})
	ctx := t.Context()
	call := func(name string, kind types.InvocationType, payload string) error {
		_, err := c.Invoke(ctx, &sdk.InvokeInput{FunctionName: &name, Payload: []byte(payload), InvocationType: kind})
		return err
	}
	require.Equal(t, "ResourceNotFoundException", code(call("g", "", "{}")))
	require.Equal(t, "InvalidRequestContentException", code(call("f", "", "{")))
	big := `"` + strings.Repeat("x", 999) + `"`
	require.NoError(t, call("f", types.InvocationTypeRequestResponse, big))
	err := call("f", types.InvocationTypeEvent, big)
	require.Equal(t, "RequestTooLargeException", code(err))
	require.ErrorContains(t, err, "1001 byte payload is too large for the Event invocation type (limit 1000 bytes)")
	require.Equal(t, "RequestTooLargeException", code(call("f", "", `"`+strings.Repeat("x", 6<<20)+`"`)))
	require.NoError(t, call("f", types.InvocationTypeDryRun, "{}"))
	resp, err := http.Post(*c.Options().BaseEndpoint+"/2015-03-31/functions/f/invocations", "", strings.NewReader("{}"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
}

func TestSettings(t *testing.T) {
	var denied string
	o := Options{Concurrency: 50, InUse: 7, Refuse: func(r Request) *Refusal {
		if denied != "" && r.Action == denied {
			return Denied(r)
		}
		return nil
	}}
	l, c := start(t, o, Function{Name: "f", Memory: 2048, Timeout: time.Minute, Tmp: 4096, Arch: "arm64", Reserved: 10, Env: map[string]string{"A": "b"},
		Async: &AsyncConfig{Retries: 0, MaxAge: time.Minute}, Handler: func(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }})
	ctx, name := t.Context(), aws.String("f")
	f, err := c.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: name})
	require.NoError(t, err)
	require.EqualValues(t, 2048, *f.Configuration.MemorySize)
	require.EqualValues(t, 60, *f.Configuration.Timeout)
	require.EqualValues(t, 4096, *f.Configuration.EphemeralStorage.Size)
	require.Equal(t, []types.Architecture{"arm64"}, f.Configuration.Architectures)
	require.EqualValues(t, 10, *f.Concurrency.ReservedConcurrentExecutions)
	g, err := c.GetFunctionConfiguration(ctx, &sdk.GetFunctionConfigurationInput{FunctionName: name})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"A": "b"}, g.Environment.Variables)
	e, err := c.GetFunctionEventInvokeConfig(ctx, &sdk.GetFunctionEventInvokeConfigInput{FunctionName: name})
	require.NoError(t, err)
	require.EqualValues(t, 60, *e.MaximumEventAgeInSeconds)
	n, err := c.GetFunctionConcurrency(ctx, &sdk.GetFunctionConcurrencyInput{FunctionName: name})
	require.NoError(t, err)
	require.EqualValues(t, 10, *n.ReservedConcurrentExecutions)
	s, err := c.GetAccountSettings(ctx, &sdk.GetAccountSettingsInput{})
	require.NoError(t, err)
	require.EqualValues(t, 50, s.AccountLimit.ConcurrentExecutions)
	require.EqualValues(t, 40, *s.AccountLimit.UnreservedConcurrentExecutions)

	cw := cloudwatch.New(cloudwatch.Options{BaseEndpoint: aws.String(l.URL()), Region: l.Region(), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")})
	query := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(time.Now().Add(-5 * time.Minute)), EndTime: aws.Time(time.Now()), MetricDataQueries: []cwtypes.MetricDataQuery{{
		Id: aws.String("used"), MetricStat: &cwtypes.MetricStat{Stat: aws.String("Maximum"), Period: aws.Int32(60),
			Metric: &cwtypes.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String("ConcurrentExecutions")}}}}}
	m, err := cw.GetMetricData(ctx, query)
	require.NoError(t, err)
	require.Equal(t, "used", *m.MetricDataResults[0].Id)
	require.Equal(t, []float64{7}, m.MetricDataResults[0].Values)
	require.WithinDuration(t, time.Now(), m.MetricDataResults[0].Timestamps[0], 2*time.Minute)

	denied = "lambda:GetAccountSettings"
	_, err = c.GetAccountSettings(ctx, &sdk.GetAccountSettingsInput{})
	require.Equal(t, "AccessDeniedException", code(err))
	denied = "cloudwatch:GetMetricData"
	_, err = cw.GetMetricData(ctx, query)
	require.Equal(t, "AccessDeniedException", code(err))
}

// Requests beyond the concurrency are throttled, for each limit with its reason.
func TestThrottling(t *testing.T) {
	hold := make(chan struct{})
	handler := func(ctx context.Context, _ []byte) ([]byte, error) {
		select {
		case <-hold:
		case <-ctx.Done():
		}
		return []byte("1"), nil
	}
	l, c := start(t, Options{Concurrency: 5, InUse: 1, Scale: 3}, Function{Name: "own", Handler: handler, Reserved: 2, Timeout: time.Minute},
		Function{Name: "open", Handler: handler, Timeout: time.Minute}, Function{Name: "other", Handler: handler, Timeout: time.Minute})
	var wg sync.WaitGroup
	ask := func(name string) {
		n := l.Stats().MaxAtWork
		wg.Go(func() {
			_, err := c.Invoke(context.WithoutCancel(t.Context()), &sdk.InvokeInput{FunctionName: &name})
			if err != nil {
				t.Error(err)
			}
		})
		require.Eventually(t, func() bool { return l.Stats().MaxAtWork == n+1 }, 10*time.Second, time.Millisecond)
	}
	reason := func(name string) string {
		_, err := c.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: &name})
		e, ok := errors.AsType[*types.TooManyRequestsException](err)
		require.True(t, ok, "%v", err)
		return string(e.Reason)
	}
	ask("own")
	ask("own")
	require.Equal(t, "ReservedFunctionConcurrentInvocationLimitExceeded", reason("own"))
	ask("open")
	ask("open")
	require.Equal(t, "ConcurrentInvocationLimitExceeded", reason("open"))
	require.Equal(t, "ConcurrentInvocationLimitExceeded", reason("other"))
	close(hold)
	wg.Wait()
	require.EqualValues(t, 3, l.Stats().Throttled)
}

// Events: run again after a failure, dropped when old, lost and doubled by faults.
func TestEvents(t *testing.T) {
	var mu sync.Mutex
	ran := map[string]int{}
	handler := func(_ context.Context, payload []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		ran[string(payload)]++
		if bytes.Contains(payload, []byte("bad")) {
			return nil, errors.New("bad")
		}
		return payload, nil
	}
	fault := func(c Call) Fault {
		switch string(c.Payload) {
		case `"lost"`:
			return Fault{Lose: true}
		case `"twice"`:
			return Fault{Twice: true}
		case `"late"`:
			return Fault{Delay: 20 * time.Millisecond}
		case `"old"`:
			return Fault{Delay: 2 * time.Second}
		case `"throttled"`:
			return Fault{Throttle: true}
		case `"down"`:
			return Fault{Unavailable: true}
		}
		return Fault{}
	}
	l, c := start(t, Options{Fault: fault, RetryDelay: time.Millisecond}, Function{Name: "f", Handler: handler, Async: &AsyncConfig{Retries: 1, MaxAge: time.Second}})
	send := func(text string) error {
		out, err := c.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`"` + text + `"`)})
		if err == nil {
			require.EqualValues(t, http.StatusAccepted, out.StatusCode)
		}
		return err
	}
	for _, text := range []string{"good", "bad", "lost", "twice", "late", "old"} {
		require.NoError(t, send(text))
	}
	require.Equal(t, "TooManyRequestsException", code(send("throttled")))
	require.Equal(t, "ServiceException", code(send("down")))
	require.Eventually(t, func() bool { return l.Stats().EventsDropped == 2 }, 10*time.Second, time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]int{`"good"`: 1, `"bad"`: 2, `"twice"`: 2, `"late"`: 1}, ran)
	s := l.Stats()
	require.Equal(t, [5]int64{6, 1, 1, 1, 1}, [5]int64{s.Events, s.EventsLost, s.EventsTwice, s.EventRetries, s.Throttled})
}

// A sandbox can be killed, cut off and made slow; what is deployed anew is used at once.
func TestFaults(t *testing.T) {
	var fault Fault
	l, c := start(t, Options{Fault: func(Call) Fault { return fault }}, Function{Name: "f", Memory: 512, Timeout: time.Minute})
	fault = Fault{Kill: 50 * time.Millisecond}
	out, doc := invoke(t, c, "f", `{"sleep": 60000}`)
	require.NotNil(t, out.FunctionError)
	require.Contains(t, doc["errorMessage"], "signal: killed")
	fault = Fault{TimeOut: 50 * time.Millisecond}
	_, doc = invoke(t, c, "f", `{"sleep": 60000}`)
	require.Equal(t, "Sandbox.Timedout", doc["errorType"])
	fault = Fault{Cut: true}
	_, err := c.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"do": "cut"}`)})
	require.Error(t, err)
	require.Eventually(t, func() bool { return strings.Contains(l.Logs("f"), "doing cut") }, 10*time.Second, time.Millisecond)
	fault = Fault{}
	s := l.Stats()
	require.EqualValues(t, 1, s.Killed)

	require.NoError(t, l.Deploy(Function{Name: "f", Handler: func(context.Context, []byte) ([]byte, error) { return []byte(`{"new": 1}`), nil }}))
	_, doc = invoke(t, c, "f", `{}`)
	require.Contains(t, doc, "new")
	require.Error(t, l.Deploy(Function{Name: "g"}))
	require.Error(t, l.Deploy(Function{Name: "../g", Bootstrap: "x"}))
	require.Error(t, l.Deploy(Function{Name: "g", Bootstrap: "x"}))
}
