#!/bin/sh
# One CI job with six package managers, in a folder that is made for it. It names no gateway and no registry: whoever
# runs it points the clients somewhere (`subak run -- sh mixed_build.sh FOLDER`). $PYTHON is the interpreter. Caches and
# lists are in the folder, too: nothing of this machine's own is used or changed.
set -eu
mkdir "$1"
cd "$1"

step() {
    echo "== $1"
    mkdir "$1"
    cd "$1"
}

(
    step pip
    printf 'flask\nrequests\n' >requirements.txt
    "$PYTHON" -m pip install -q --disable-pip-version-check --no-input --cache-dir cache --target site -r requirements.txt
    PYTHONPATH=site "$PYTHON" -c 'import flask, requests'
)
(
    step npm
    echo '{"name": "here", "version": "1.0.0", "private": true, "dependencies": {"express": "4", "chalk": "5"}}' >package.json
    npm install --cache cache --no-fund --no-update-notifier --loglevel=error
    node -e 'require("express")'
)
(
    step mvn
    mkdir -p src/main/java
    cat >src/main/java/Here.java <<'JAVA'
public class Here { String shout(String word) { return org.apache.commons.lang3.StringUtils.upperCase(word); } }
JAVA
    cat >pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion>
  <groupId>here</groupId><artifactId>here</artifactId><version>1</version>
  <properties>
    <maven.compiler.source>11</maven.compiler.source>
    <maven.compiler.target>11</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies><dependency>
    <groupId>org.apache.commons</groupId><artifactId>commons-lang3</artifactId><version>3.14.0</version>
  </dependency></dependencies>
</project>
POM
    mvn -q -B -C -Dmaven.repo.local="$PWD/repository" compile
    test -f target/classes/Here.class
)
(
    step cargo
    mkdir src
    printf '[package]\nname = "here"\nversion = "1.0.0"\nedition = "2021"\n\n[dependencies]\n' >Cargo.toml
    printf 'itoa = "1"\nsemver = "1"\nmemchr = "2"\n' >>Cargo.toml
    echo 'fn main() { println!("{}", semver::Version::new(1, 2, 3)); }' >src/main.rs
    CARGO_HOME="$PWD/home" cargo run -q
)
(
    step go
    export GOPATH="$PWD/path" GOCACHE="$PWD/cache" GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw
    printf 'module here\n\ngo 1.21\n\nrequire github.com/spf13/cobra v1.8.1\n' >go.mod
    printf 'package main\n\nimport "github.com/spf13/cobra"\n\nfunc main() { (&cobra.Command{}).Execute() }\n' >main.go
    go mod tidy
    go mod verify
)
(
    step apt
    mkdir -p lists/partial archives/partial
    set -- -o "Dir::State=$PWD" -o Dir::State::lists=lists -o "Dir::State::status=$PWD/status" -o "Dir::Cache=$PWD" \
        -o "Dir::Log=$PWD" -o APT::Sandbox::User= -o Acquire::Languages=none -o APT::Get::Assume-Yes=true
    : >status
    apt-get "$@" -q update
    apt-get "$@" -q install --download-only --no-install-recommends hello
    ls archives/hello_*.deb
)
