package emulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// maxRequest is the most bytes of a synchronous request, and of any response.
const maxRequest = 6 << 20

// routes are the APIs that are served, by the paths of their references.
func (l *Lambda) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /2015-03-31/functions/{name}/invocations", l.function("InvokeFunction", l.invokeAPI))
	m.HandleFunc("GET /2015-03-31/functions/{name}", l.function("GetFunction", l.getFunction))
	m.HandleFunc("GET /2015-03-31/functions/{name}/configuration", l.function("GetFunctionConfiguration", l.getConfiguration))
	m.HandleFunc("GET /2019-09-30/functions/{name}/concurrency", l.function("GetFunctionConcurrency", l.getConcurrency))
	m.HandleFunc("GET /2019-09-25/functions/{name}/event-invoke-config", l.function("GetFunctionEventInvokeConfig", l.getEventConfig))
	m.HandleFunc("GET /2016-08-19/account-settings", l.allowed("lambda:GetAccountSettings", l.getAccountSettings))
	m.HandleFunc("GET /2016-08-19/account-settings/", l.allowed("lambda:GetAccountSettings", l.getAccountSettings))
	m.HandleFunc("POST /service/GraniteServiceVersion20100801/operation/GetMetricData", l.allowed("cloudwatch:GetMetricData", l.getMetricData))
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, &Refusal{http.StatusNotImplemented, "UnknownOperationException", "this emulator does not serve " + r.Method + " " + r.URL.Path})
	})
	return m
}

// refused answers a request that may not be served.
func (l *Lambda) refused(w http.ResponseWriter, r *http.Request, action, resource string) bool {
	w.Header().Set("X-Amzn-RequestId", NewID())
	if strings.HasPrefix(r.URL.Path, "/service/") {
		w.Header().Set("Smithy-Protocol", rpc)
	}
	auth := r.Header.Get("Authorization")
	if !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 ") {
		fail(w, &Refusal{http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token"})
		return true
	}
	if l.o.Refuse == nil {
		return false
	}
	refusal := l.o.Refuse(Request{Action: action, Resource: resource, AccessKey: AccessKeyOf(auth)})
	if refusal != nil {
		fail(w, refusal)
	}
	return refusal != nil
}

// AccessKeyOf is the key that a request was signed with.
func AccessKeyOf(authorization string) string {
	_, rest, _ := strings.Cut(authorization, "Credential=")
	key, _, _ := strings.Cut(rest, "/")
	return key
}

func (l *Lambda) allowed(action string, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !l.refused(w, r, action, "*") {
			serve(w, r)
		}
	}
}

// function finds the function that a path names.
func (l *Lambda) function(action string, serve func(http.ResponseWriter, *http.Request, *function)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := bareName(r.PathValue("name"))
		if l.refused(w, r, "lambda:"+action, l.arn(name)) {
			return
		}
		l.mu.Lock()
		f := l.functions[name]
		l.mu.Unlock()
		if f == nil {
			fail(w, &Refusal{http.StatusNotFound, "ResourceNotFoundException", "Function not found: " + l.arn(name)})
			return
		}
		serve(w, r, f)
	}
}

// bareName takes a name, a partial or a whole ARN, with or without a version.
func bareName(name string) string {
	if _, after, ok := strings.Cut(name, "function:"); ok {
		name = after
	}
	name, _, _ = strings.Cut(name, ":")
	return name
}

func (l *Lambda) arn(name string) string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", l.o.Region, l.o.Account, name)
}

// fail answers with an error as the APIs of AWS spell it.
func fail(w http.ResponseWriter, r *Refusal) {
	if w.Header().Get("Smithy-Protocol") == rpc {
		writeCBOR(w, r.Status, cbor.Map{"__type": cbor.String(r.Code), "message": cbor.String(r.Message)})
		return
	}
	w.Header().Set("X-Amzn-ErrorType", r.Code)
	kind := "User"
	if r.Status >= 500 {
		kind = "Service"
	}
	answer(w, r.Status, map[string]string{"Type": kind, "message": r.Message, "Message": r.Message})
}

func throttled(w http.ResponseWriter, reason string) {
	w.Header().Set("X-Amzn-ErrorType", "TooManyRequestsException")
	w.Header().Set("Retry-After", "1")
	answer(w, http.StatusTooManyRequests, map[string]string{"Type": "User", "message": "Rate Exceeded.", "Reason": reason})
}

func answer(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"message":"cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data) //nolint:errcheck // whoever asked is gone
}

// payload reads the event; ok is false if the request was answered already.
func (l *Lambda) payload(w http.ResponseWriter, r *http.Request, kind string) (data []byte, ok bool) {
	limit := int64(maxRequest)
	if kind == "Event" {
		limit = l.o.MaxEvent
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		fail(w, &Refusal{http.StatusBadRequest, "InvalidRequestContentException", err.Error()})
	case int64(len(data)) > limit:
		n, _ := io.Copy(io.Discard, r.Body)
		fail(w, &Refusal{http.StatusRequestEntityTooLarge, "RequestTooLargeException",
			fmt.Sprintf("%d byte payload is too large for the %s invocation type (limit %d bytes)", int64(len(data))+n, kind, limit)})
	case len(data) > 0 && !json.Valid(data):
		fail(w, &Refusal{http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json"})
	default:
		return data, true
	}
	return nil, false
}

func (l *Lambda) invokeAPI(w http.ResponseWriter, r *http.Request, f *function) {
	kind := r.Header.Get("X-Amz-Invocation-Type")
	if kind == "" {
		kind = "RequestResponse"
	}
	data, ok := l.payload(w, r, kind)
	if !ok {
		return
	}
	call := Call{Function: f.Name, RequestID: w.Header().Get("X-Amzn-RequestId"), Event: kind == "Event", Payload: data}
	switch kind {
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
	case "Event", "RequestResponse":
		call.Number = l.calls.Add(1)
		fault := (*l.fault.Load())(call)
		switch {
		case fault.Unavailable:
			fail(w, &Refusal{http.StatusInternalServerError, "ServiceException", "Service error."})
		case fault.Throttle:
			l.count(func(s *Stats) { s.Throttled++ })
			throttled(w, "CallerRateLimitExceeded")
		case call.Event:
			l.accept(f, call, fault)
			w.WriteHeader(http.StatusAccepted)
		default:
			l.synchronous(w, r, f, call, fault)
		}
	default:
		fail(w, &Refusal{http.StatusBadRequest, "InvalidParameterValueException", "InvocationType must be RequestResponse, Event or DryRun, not " + kind})
	}
}

// synchronous runs the function to its end, also when the caller goes away.
func (l *Lambda) synchronous(w http.ResponseWriter, r *http.Request, f *function, call Call, fault Fault) {
	s, reason := f.acquire()
	if reason != "" {
		l.count(func(s *Stats) { s.Throttled++ })
		throttled(w, reason)
		return
	}
	done := make(chan outcome, 1)
	if !l.spawn(func() { done <- f.run(s, call, fault) }) {
		s.close()
		Cut(w)
		return
	}
	if fault.Cut {
		Cut(w)
		return
	}
	var out outcome
	select {
	case out = <-done:
	case <-r.Context().Done():
		return
	}
	if out.failed {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	if r.Header.Get("X-Amz-Log-Type") == "Tail" {
		w.Header().Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(out.log[max(0, len(out.log)-4096):]))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	w.Write(out.payload) //nolint:errcheck // whoever asked is gone
}

func (l *Lambda) count(change func(*Stats)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.stats)
}

func (l *Lambda) configuration(f *function) map[string]any {
	return map[string]any{
		"FunctionName": f.Name, "FunctionArn": l.arn(f.Name), "Runtime": "provided.al2023", "Handler": "bootstrap", "PackageType": "Zip",
		"Role": "arn:aws:iam::" + l.o.Account + ":role/zagg-lambda-execution", "CodeSize": f.codeSize, "CodeSha256": f.codeHash,
		"Timeout": int(f.Timeout.Seconds()), "MemorySize": f.Memory, "EphemeralStorage": map[string]int{"Size": f.Tmp},
		"Architectures": []string{f.Arch}, "LastModified": f.modified.UTC().Format("2006-01-02T15:04:05.000-0700"), "Version": "$LATEST",
		"State": "Active", "LastUpdateStatus": "Successful", "Environment": map[string]any{"Variables": f.Env},
	}
}

func (l *Lambda) getConfiguration(w http.ResponseWriter, _ *http.Request, f *function) {
	answer(w, http.StatusOK, l.configuration(f))
}

func (l *Lambda) getFunction(w http.ResponseWriter, _ *http.Request, f *function) {
	doc := map[string]any{"Configuration": l.configuration(f), "Code": map[string]string{"RepositoryType": "S3"}}
	if f.Reserved > 0 {
		doc["Concurrency"] = map[string]int{"ReservedConcurrentExecutions": f.Reserved}
	}
	answer(w, http.StatusOK, doc)
}

func (l *Lambda) getConcurrency(w http.ResponseWriter, _ *http.Request, f *function) {
	doc := map[string]int{}
	if f.Reserved > 0 {
		doc["ReservedConcurrentExecutions"] = f.Reserved
	}
	answer(w, http.StatusOK, doc)
}

func (l *Lambda) getEventConfig(w http.ResponseWriter, _ *http.Request, f *function) {
	if f.Async == nil {
		fail(w, &Refusal{http.StatusNotFound, "ResourceNotFoundException", "The function " + l.arn(f.Name) + " doesn't have an EventInvokeConfig"})
		return
	}
	to := map[string]any{}
	if bucket := f.Async.OnFailure.Bucket; bucket != "" {
		to["OnFailure"] = map[string]string{"Destination": "arn:aws:s3:::" + bucket}
	}
	answer(w, http.StatusOK, map[string]any{
		"FunctionArn": l.arn(f.Name) + ":$LATEST", "LastModified": float64(f.modified.Unix()), "DestinationConfig": to,
		"MaximumRetryAttempts": f.Async.Retries, "MaximumEventAgeInSeconds": int(f.Async.MaxAge / time.Second),
	})
}

func (l *Lambda) getAccountSettings(w http.ResponseWriter, _ *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"AccountLimit": map[string]int64{
			"TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800,
			"ConcurrentExecutions": int64(l.o.Concurrency), "UnreservedConcurrentExecutions": int64(l.unreserved()),
		},
		"AccountUsage": map[string]int{"TotalCodeSize": 0, "FunctionCount": len(l.functions)},
	})
}

// Cut ends a connection without an answer.
func Cut(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then the other side sees an end, not a reset
	}
	c.Close() //nolint:errcheck // it is to be gone
}
