package quickdeploy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zippatch"
)

// A Change is what becomes of one file: other data, or nil to delete it.
type Change struct {
	Name string
	Data []byte
}

// local patches the zip from this machine.
func local(ctx context.Context, zip *zippatch.Object, changes []Change) (zippatch.Counts, error) {
	edits := make([]zippatch.Edit, len(changes))
	for i, c := range changes {
		edits[i].Name = c.Name
		if c.Data != nil {
			edits[i].Content = zippatch.Bytes(c.Data)
		}
	}
	n, err := zip.Patch(ctx, edits)
	if err != nil {
		return n, err
	}
	return n, expect(zip, n, changes)
}

// expect holds what was done against what was asked.
func expect(zip *zippatch.Object, n zippatch.Counts, changes []Change) error {
	if done := n.Added + n.Modified + n.Deleted; done != len(changes) {
		return core.Errorf(core.Internal, "zip", zip.URL(), "%d changes were asked for and %d made (%d added, %d modified, %d deleted): a spot was missed", len(changes), done, n.Added, n.Modified, n.Deleted)
	}
	return nil
}

// mostEvent is how many bytes of contents go into an event, of which Lambda takes 6 MiB. Longer ones go by S3.
const mostEvent = 4 << 20

// Remote has the function of lambda/zipedit patch the zip, which is quicker where this machine is far from S3. Contents
// that are too long for an event are put beside the zip for as long as it takes.
func Remote(ctx context.Context, client *lambda.Client, function string, zip *zippatch.Object, changes []Change) (zippatch.Counts, error) {
	staged := &staging{zip: zip}
	defer staged.remove(context.WithoutCancel(ctx))
	event, err := staged.event(ctx, changes)
	if err != nil {
		return zippatch.Counts{}, err
	}
	out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: event})
	if err != nil {
		return zippatch.Counts{}, fail(function, err)
	}
	if out.FunctionError != nil {
		var f struct{ ErrorType, ErrorMessage string }
		if json.Unmarshal(out.Payload, &f) != nil {
			f.ErrorMessage = string(out.Payload)
		}
		return zippatch.Counts{}, core.Errorf(core.Invalid, "function", function, "%s: %s", f.ErrorType, f.ErrorMessage)
	}
	var n zippatch.Counts
	if err := json.Unmarshal(out.Payload, &n); err != nil {
		return n, core.Errorf(core.Invalid, "function", function, "its answer is not a count of changes; is it zipedit? %.200s", out.Payload)
	}
	return n, expect(zip, n, changes)
}

// A staging is contents that wait beside a zip.
type staging struct {
	zip  *zippatch.Object
	keys []string
}

func (s *staging) event(ctx context.Context, changes []Change) ([]byte, error) {
	long := map[string]bool{}
	bySize := slices.Clone(changes)
	slices.SortFunc(bySize, func(a, b Change) int { return len(a.Data) - len(b.Data) })
	total := 0
	for _, c := range bySize {
		total += len(c.Data) * 4 / 3
		long[c.Name] = total > mostEvent
	}
	var event bytes.Buffer
	src, _ := json.Marshal(s.zip.URL()) // a text always is JSON
	event.WriteString(`{"src":` + string(src) + `,"changes":{`)
	for i, c := range changes {
		value, err := s.value(ctx, c, long[c.Name])
		if err != nil {
			return nil, err
		}
		name, _ := json.Marshal(c.Name)
		if i > 0 {
			event.WriteByte(',')
		}
		event.Write(name)
		event.WriteByte(':')
		event.Write(value)
	}
	event.WriteString("}}")
	return event.Bytes(), nil
}

func (s *staging) value(ctx context.Context, c Change, long bool) ([]byte, error) {
	switch {
	case c.Data == nil:
		return []byte("null"), nil
	case long:
		sum := sha256.Sum256(c.Data)
		key := s.zip.Key + ".changes/" + hex.EncodeToString(sum[:])
		_, err := s.zip.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.zip.Bucket, Key: &key, Body: bytes.NewReader(c.Data), ContentLength: aws.Int64(int64(len(c.Data)))})
		if err != nil {
			return nil, core.Errorf(core.Denied, "zip", "s3://"+s.zip.Bucket+"/"+key, "putting %s there for the function: %w", c.Name, err)
		}
		s.keys = append(s.keys, key)
		return json.Marshal(map[string]string{"s3": "s3://" + s.zip.Bucket + "/" + key})
	case utf8.Valid(c.Data):
		return json.Marshal(string(c.Data))
	}
	return json.Marshal(map[string]string{"base64": base64.StdEncoding.EncodeToString(c.Data)})
}

func (s *staging) remove(ctx context.Context) {
	for _, key := range s.keys {
		s.zip.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.zip.Bucket, Key: &key}) //nolint:errcheck // what stays is named after its content
	}
}
