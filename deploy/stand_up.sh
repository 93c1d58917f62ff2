#!/usr/bin/env bash
# Stands up zagg's function on AWS Lambda with nothing but the aws command: CloudFormation with template.yaml beside this script.
# `zagg deploy up` does the same and builds the function itself. docs/standing-up.md explains both.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: OUTPUT_BUCKET=my-grids [NAME=value …] stand_up.sh [--yes]

Settings are environment variables:
  OUTPUT_BUCKET        bucket that stores are written to (required)
  CREATE_BUCKET        true: create it (false)
  REGION               of the function (us-west-2)
  STACK_NAME           zagg-backend
  FUNCTION_NAME        process-shard
  ARCH                 arm64 or x86_64 (arm64)
  EXECUTION_ROLE_NAME  role to create (zagg-lambda-execution)
  EXECUTION_ROLE_ARN   take this role instead of creating one
  MEMORY, TIMEOUT      MB and seconds of an invocation (2048, 720; of a stack that is there: what it has)
What the function is made from is a zip of `zagg bundle`:
  BUNDLE               that file, or
  DIST_BUCKET          a bucket with releases, below
  DIST_PREFIX          a prefix in it (none): versions.json, and <minor>/lambda_function_{arm64,x86_64}.zip with SHA256SUMS
  MIRROR_URL           an https address of the same layout, for a version that DIST_BUCKET does not have
  DIST_REGION          of DIST_BUCKET (us-west-2)
  LAMBDA_VERSION       a minor version such as 1.2, or latest (latest)
  STAND_UP_ANON        true: read DIST_BUCKET without credentials (false)
  STAGING_BUCKET       bucket in REGION that the zip is copied to. With BUNDLE it is made if it is missing (zagg-artifacts-ACCOUNT-REGION);
                       with DIST_BUCKET in another region it is needed and must exist.

  --yes   do not ask
Exit codes: 2 for a wrong argument or a role of that name that is not the stack's, 1 for any other error.
TEXT
}

fail() {
  local code=$1
  shift
  printf 'stand_up.sh: %s\n' "$*" >&2
  exit "$code"
}

yes=false
for argument in "$@"; do
  case $argument in
    --yes | -y) yes=true ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; fail 2 "no option $argument" ;;
  esac
done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
region=${REGION:-us-west-2}
stack=${STACK_NAME:-zagg-backend}
function=${FUNCTION_NAME:-process-shard}
role=${EXECUTION_ROLE_NAME:-zagg-lambda-execution}
role_arn=${EXECUTION_ROLE_ARN:-}
create=${CREATE_BUCKET:-false}
bundle=${BUNDLE:-}
staging=${STAGING_BUCKET:-}
dist=${DIST_BUCKET:-}
prefix=${DIST_PREFIX:-}
prefix=${prefix%/}
prefix=${prefix:+$prefix/}
mirror=${MIRROR_URL:-}
dist_region=${DIST_REGION:-us-west-2}
version=${LAMBDA_VERSION:-latest}

case ${ARCH:-arm64} in
  arm64 | aarch64) arch=arm64 go_arch=arm64 ;;
  x86_64 | amd64) arch=x86_64 go_arch=amd64 ;;
  *) fail 2 "ARCH is ${ARCH}; have arm64, x86_64" ;;
esac
case $create in true | false) ;; *) fail 2 "CREATE_BUCKET is $create; have true, false" ;; esac
[ -n "${OUTPUT_BUCKET:-}" ] || { usage >&2; fail 2 "OUTPUT_BUCKET is not set"; }
[ -n "$bundle$dist" ] || fail 2 "neither BUNDLE nor DIST_BUCKET is set: \`zagg bundle --arch $go_arch\` makes a zip"
[ -z "$bundle" ] || [ -f "$bundle" ] || fail 2 "there is no file $bundle"
[ -f "$here/template.yaml" ] || fail 1 "template.yaml is missing beside this script"
command -v aws >/dev/null || fail 1 "the aws command is missing: https://docs.aws.amazon.com/cli/"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

account=$(aws sts get-caller-identity --region "$region" --query Account --output text) || fail 1 "there are no AWS credentials that work"

# from reads an object of the distribution into a file: from the bucket or, where that does not have it, from the mirror.
from() {
  local sign=()
  [ "${STAND_UP_ANON:-false}" != true ] || sign=(--no-sign-request)
  origin=s3://$dist
  aws s3 cp --region "$dist_region" --only-show-errors ${sign[@]+"${sign[@]}"} "s3://$dist/$1" "$2" && return
  [ -n "$mirror" ] || return 1
  origin=${mirror%/}
  curl -fsSL --retry 2 -o "$2" "$origin/${1#"$prefix"}"
}

# member prints the text of a member of versions.json, or the texts of a list.
member() {
  tr -d ' \n\t' <"$temp/versions.json" | sed -n "s/.*\"$1\":\(\[[^]]*\]\|\"[^\"]*\"\).*/\1/p" | tr -d '[]"' | tr ',' ' '
}

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# release fetches the zip of a version and compares it with its checksum.
release() {
  local listed
  if ! from "${prefix}versions.json" "$temp/versions.json"; then
    [ "$version" != latest ] || fail 1 "s3://$dist/${prefix}versions.json cannot be read, which says what the latest version is"
  else
    listed=$(member minors)
    [ "$version" != latest ] || version=$(member latest)
    [ -n "$version" ] || fail 1 "s3://$dist/${prefix}versions.json names no latest version"
  fi
  # A whole version means its minor one.
  if [[ $version =~ ^v?([0-9]+\.[0-9]+)\.[0-9]+$ ]]; then version=${BASH_REMATCH[1]}; fi
  key=$prefix$version/lambda_function_$arch.zip
  from "$key" "$temp/worker.zip" || fail 1 "s3://$dist/$key cannot be read${mirror:+, nor from $mirror}; versions there: ${listed:-unknown}"
  found=$origin
  from "$prefix$version/SHA256SUMS" "$temp/SHA256SUMS" || fail 1 "version $version has no SHA256SUMS"
  local want
  want=$(awk -v name="lambda_function_$arch.zip" '$2 == name || $2 == "*" name { print $1 }' "$temp/SHA256SUMS")
  [ -n "$want" ] || fail 1 "SHA256SUMS of version $version does not list lambda_function_$arch.zip"
  [ "$(checksum "$temp/worker.zip")" = "$want" ] || fail 1 "s3://$dist/$key is not what SHA256SUMS says: do not use it"
  bundle=$temp/worker.zip
}

if [ -z "$bundle" ]; then
  release
  echo "zagg $version for $arch from $found/$key"
  if [ -z "$staging" ] && [ "$found" != "s3://$dist" ]; then
    staging=zagg-artifacts-$account-$region
    made=true
  elif [ -z "$staging" ]; then
    [ "$dist_region" = "$region" ] || fail 2 "DIST_BUCKET is in $dist_region and the function in $region: STAGING_BUCKET must name a bucket in $region"
    bucket=$dist
  fi
elif [ -z "$staging" ]; then
  staging=zagg-artifacts-$account-$region
  made=true
fi

# look holds the zip against what is asked for: a function that cannot start is known only when it is called.
look() {
  local names manifest built
  if command -v unzip >/dev/null; then
    names=$(unzip -Z1 "$1" 2>/dev/null) || fail 1 "$1 is not a zip"
    manifest=$(unzip -p "$1" manifest.json 2>/dev/null | tr -d ' \n\t') || manifest=
  elif command -v python3 >/dev/null; then
    names=$(python3 -c 'import sys, zipfile; print("\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))' "$1" 2>/dev/null) || fail 1 "$1 is not a zip"
    manifest=$(python3 -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read("manifest.json").decode())' "$1" 2>/dev/null | tr -d ' \n\t') || manifest=
  else
    echo "neither unzip nor python3 is there: the zip is taken unseen" >&2
    return
  fi
  grep -qx bootstrap <<<"$names" || fail 1 "$1 has no file bootstrap: it is not what \`zagg bundle\` makes"
  built=$(sed -n 's/.*"arch":"\([^"]*\)".*/\1/p' <<<"$manifest")
  [ -z "$built" ] || [ "$built" = "$go_arch" ] || fail 1 "$1 is for $built and ARCH is $arch"
}
look "$bundle"

exists=false
if aws cloudformation describe-stacks --region "$region" --stack-name "$stack" >/dev/null 2>&1; then exists=true; fi
if [ "$exists" = false ] && [ -z "$role_arn" ] && aws iam get-role --region "$region" --role-name "$role" >/dev/null 2>&1; then
  fail 2 "there is a role $role that is not of stack $stack: set EXECUTION_ROLE_NAME to another name, or EXECUTION_ROLE_ARN to take it"
fi

if [ "$exists" = true ]; then verb=changes; else verb=creates; fi

# size says the memory and time-out that the function will have: those of a stack that is there stay unless they are given.
size() {
  if [ "$exists" = true ]; then
    echo "${MEMORY:-the same} MB, ${TIMEOUT:-the same} s"
  else
    echo "${MEMORY:-2048} MB, ${TIMEOUT:-720} s"
  fi
}
cat <<TEXT
This $verb stack $stack in $region of account $account:
  function  $function, $arch, $(size)
  role      ${role_arn:-$role (made by the stack)}
  stores    s3://$OUTPUT_BUCKET$([ "$create" = false ] || echo ' (made by the stack; it stays when the stack goes)')
TEXT
if [ "$yes" = false ]; then
  read -r -p 'Go on? [y/N] ' answer || answer=
  case $answer in [yY] | [yY][eE][sS]) ;; *) fail 1 "nothing was changed" ;; esac
fi

if [ -n "$staging" ]; then
  bucket=$staging
  key=zagg/$(checksum "$bundle").zip
  if ! aws s3api head-bucket --region "$region" --bucket "$bucket" >/dev/null 2>&1; then
    [ "${made:-false}" = true ] || fail 1 "STAGING_BUCKET $bucket is not there, or may not be used"
    aws s3 mb --region "$region" "s3://$bucket" >/dev/null
    aws s3api put-public-access-block --region "$region" --bucket "$bucket" \
      --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
  fi
  aws s3 cp --region "$region" --only-show-errors "$bundle" "s3://$bucket/$key"
fi

parameters=("FunctionName=$function" "Architecture=$arch" "ArtifactBucket=$bucket" "FunctionS3Key=$key" "OutputBucketName=$OUTPUT_BUCKET"
  "CreateOutputBucket=$create")
[ -z "${MEMORY:-}" ] || parameters+=("MemorySize=$MEMORY")
[ -z "${TIMEOUT:-}" ] || parameters+=("Timeout=$TIMEOUT")
if [ -n "$role_arn" ]; then
  parameters+=("CreateExecutionRole=false" "ExecutionRoleArn=$role_arn")
else
  parameters+=("ExecutionRoleName=$role")
fi
aws cloudformation deploy --region "$region" --stack-name "$stack" --template-file "$here/template.yaml" --capabilities CAPABILITY_NAMED_IAM \
  --no-fail-on-empty-changeset --tags application=zagg --parameter-overrides "${parameters[@]}" ||
  fail 1 "the stack failed; this says why: aws cloudformation describe-stack-events --region $region --stack-name $stack"

aws cloudformation describe-stacks --region "$region" --stack-name "$stack" --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text
echo "Done: zagg run --backend lambda --function-name $function --region $region --store s3://$OUTPUT_BUCKET/NAME.zarr"
