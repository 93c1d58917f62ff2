//go:build suites

package zip

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/quickdeploy"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/internal/zippatch"
)

// function deploys the bootstrap that would be deployed, with the least memory that Lambda has.
func function(t *testing.T, server *awstest.S3) (*emulator.Lambda, *lambda.Client) {
	sharedtest.NotShort(t)
	exe := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc,netgo,osusergo", "-o", exe, "../../cmd/zagg-zipedit")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	l, err := emulator.New(emulator.Options{Region: "us-east-1"})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // the test is over
	require.NoError(t, l.Deploy(emulator.Function{Name: "zipedit", Bootstrap: exe, Memory: 128, Timeout: time.Minute, Env: server.Environ()}))
	return l, lambda.New(lambda.Options{BaseEndpoint: aws.String(l.URL()), Region: l.Region(), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")})
}

// invoke gives the answer, and of an error its type and message.
func invoke(t *testing.T, c *lambda.Client, event string) (answer string, failure struct{ ErrorType, ErrorMessage string }) {
	out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("zipedit"), Payload: []byte(event)})
	require.NoError(t, err)
	if out.FunctionError == nil {
		return string(out.Payload), failure
	}
	require.NoError(t, json.Unmarshal(out.Payload, &failure), string(out.Payload))
	require.NotEmpty(t, failure.ErrorMessage)
	return "", failure
}

// The function as it is invoked: what it answers, what it calls an error, and that it goes on after one.
func TestFunction(t *testing.T) {
	server, o := serve(t, 0)
	_, c := function(t, server)
	put(t, o, made(t, 3, 1000))
	put(t, &zippatch.Object{Client: o.Client, Bucket: "other", Key: "binary"}, []byte{0, 1, 2, 0xff})
	src := `"src": "` + o.URL() + `"`
	bits := base64.StdEncoding.EncodeToString([]byte{0xff, 0})
	answer, _ := invoke(t, c, `{`+src+`, "changes": {"file-0": "text", "new": "", "b64": {"base64": "`+bits+`"}, "s3": {"s3": "s3://other/binary"}}}`)
	require.JSONEq(t, `{"added": 3, "modified": 1}`, answer)
	answer, _ = invoke(t, c, `{"src": "`+o.Bucket+"/"+o.Key+`", "changes": {"new": null}}`)
	require.JSONEq(t, `{"added": 0, "modified": 0, "deleted": 1}`, answer)
	answer, _ = invoke(t, c, `{`+src+`, "changes": {}}`)
	require.JSONEq(t, `{"added": 0, "modified": 0}`, answer)
	data := get(t, o)
	require.Equal(t, "text", text(t, data, "file-0"))
	require.Equal(t, "\xff\x00", text(t, data, "b64"))
	require.Equal(t, "\x00\x01\x02\xff", text(t, data, "s3"))
	for event, want := range map[string]string{
		`{}`:                                 `"src" is missing`,
		`[]`:                                 "want a JSON object",
		`{` + src + `}`:                      `"changes" is missing`,
		`{` + src + `, "changes": []}`:       `"changes" is a list`,
		`{` + src + `, "changes": null}`:     `"changes" is null`,
		`{` + src + `, "changes": {"x": 7}}`: `"x" is 7`,
		`{` + src + `, "changes": {"x": {"base64": "?"}}}`:             "cannot be decoded",
		`{` + src + `, "changes": {"x": {"s3": "a/b", "base64": ""}}}`: "wants one of",
		`{` + src + `, "changes": {"x": {"file": "a"}}}`:               "have base64, s3",
		`{` + src + `, "changes": {"x": "1", "x": "2"}}`:               "is there twice",
		`{` + src + `, "changes": {"../x": "1"}}`:                      "the name has",
		`{` + src + `, "change": {}}`:                                  "there is no such member",
		`{"src": 7, "changes": {}}`:                                    `"src" is 7`,
		`{"src": "s3://zips", "changes": {}}`:                          "no key",
		`{"src": "s3://zips/none", "changes": {"x": "y"}}`:             "no such object",
		`{"src": "s3://nowhere/none", "changes": {"x": "y"}}`:          "nowhere",
		`{"src": "s3://other/binary", "changes": {"x": "y"}}`:          "not a zip",
		`{` + src + `, "changes": {"x": {"s3": "s3://other/none"}}}`:   "no such object",
		`{` + src + `, "changes": {"x": "y", "none": null}}`:           "is not there",
	} {
		_, failure := invoke(t, c, event)
		require.Contains(t, failure.ErrorMessage, want, event)
		require.Contains(t, []string{"Invalid", "NotFound", "Corrupt"}, failure.ErrorType)
		require.Equal(t, data, get(t, o), event)
	}
}

// An archive of 80 MB within the least memory that there is, at the latency of S3; contents that are longer than an
// event go by S3 and leave nothing there.
func TestFunctionWithLargeArchive(t *testing.T) {
	server, o := serve(t, 10*time.Millisecond)
	l, c := function(t, server)
	put(t, o, made(t, 20, 4<<20))
	began := time.Now()
	n, err := quickdeploy.Remote(t.Context(), c, "zipedit", o, []quickdeploy.Change{{Name: "file-9", Data: []byte("short")}, {Name: "new", Data: []byte{0xff}}, {Name: "file-3"}})
	require.NoError(t, err)
	require.Equal(t, zippatch.Counts{Added: 1, Modified: 1, Deleted: 1}, n)
	r := l.Reports()[len(l.Reports())-1]
	t.Logf("%s from here; in the function %s and %d MB", time.Since(began).Round(time.Millisecond), r.Duration.Round(time.Millisecond), r.MaxMemory>>20)
	long := make([]byte, 12<<20)
	n, err = quickdeploy.Remote(t.Context(), c, "zipedit", o, []quickdeploy.Change{{Name: "long", Data: long}, {Name: "new", Data: []byte("text")}})
	require.NoError(t, err)
	require.Equal(t, zippatch.Counts{Added: 1, Modified: 1}, n)
	require.Equal(t, string(long), text(t, get(t, o), "long"))
	staged := &zippatch.Object{Client: o.Client, Bucket: o.Bucket, Key: o.Key + ".changes/"}
	require.Empty(t, keys(t, staged))
}

// keys are the objects below a key.
func keys(t *testing.T, o *zippatch.Object) []string {
	out, err := o.Client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &o.Bucket, Prefix: &o.Key})
	require.NoError(t, err)
	var list []string
	for _, e := range out.Contents {
		list = append(list, *e.Key)
	}
	return list
}
