# shellcheck shell=bash
# Sourced by the other scripts: where the project lies, how they speak, which JDK they use, and how its build is kept fresh.

hawser_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly hawser_root
readonly hawser_jdk_floor=25
# The module path of the commands, as Maven assembles it.
readonly hawser_modules="$hawser_root/java/hawser-cli/target/modules"

if [[ -t 2 ]]; then
  readonly colour_bold=$'\e[1m' colour_red=$'\e[31m' colour_off=$'\e[0m'
else
  readonly colour_bold='' colour_red='' colour_off=''
fi

# Standard output belongs to the commands (--json): what the scripts have to say goes to standard error.
say() { printf '%s%s%s\n' "$colour_bold" "$*" "$colour_off" >&2; }
die() {
  printf '%s%s%s\n' "$colour_red" "$*" "$colour_off" >&2
  exit 1
}

# The feature release of the JDK in folder $1 (25 for 25.0.3), 0 when there is no JDK. Reads its release file: starting a
# JVM to ask would cost more than the rest of the launcher.
jdk_release() {
  local version=''
  if [[ -x "$1/bin/javac" && -r "$1/release" ]]; then
    version="$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")"
  fi
  printf '%s' "${version:-0}"
}

# Exports the first JDK that is new enough as JAVA_HOME: the one that JAVA_HOME names, else the usual folders.
find_jdk() {
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/* "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/* /opt/*; do
    if [[ -n "$home" ]] && (($(jdk_release "$home") >= hawser_jdk_floor)); then
      export JAVA_HOME="$home"
      return 0
    fi
  done
  return 1
}

# Tells the commands where scripts/setup put libspu, unless the user has another place.
find_spu() {
  [[ -n "${HAWSER_PYTHON:-}" || ! -x "$hawser_root/build/python/bin/python" ]] || export HAWSER_PYTHON="$hawser_root/build/python"
}

# What a build needs at least; scripts/setup installs it.
tools_present() {
  local tool
  for tool in cmake g++ ninja mvn; do
    command -v "$tool" >/dev/null || return 1
  done
  find_jdk
}

require_tools() {
  tools_present || "$hawser_root/scripts/setup" || exit 1
  find_jdk || die "no JDK $hawser_jdk_floor: run scripts/setup"
  export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"
}

# An array, not a function: it is also run under timeout.
readonly maven=(mvn --batch-mode --no-transfer-progress --file "$hawser_root/pom.xml")

readonly build_stamp="$hawser_root/build/hawser.stamp"

# Whether any source is newer than the last build; a removed file makes its folder newer.
build_is_stale() {
  [[ -e "$build_stamp" && -e "$hawser_modules/hawser-cli.jar" ]] || return 0
  local changed
  changed="$(cd "$hawser_root" && find CMakeLists.txt pom.xml cpp cuda java/*/pom.xml java/*/src/main bench/chaos/pom.xml bench/chaos/src \
    -newer "$build_stamp" -not -path 'cpp/*/tests*' -print -quit)"
  [[ -n "$changed" ]]
}

# Builds the library and the commands if they are stale. Of several callers at once, one builds and the others wait for it.
build_if_stale() {
  build_is_stale || return 0
  require_tools
  mkdir -p "$hawser_root/build"
  (
    flock 9
    build_is_stale || exit 0
    say 'hawser: building what is stale; the first time takes some minutes'
    # Taken before the build starts, so that what changes meanwhile is built the next time.
    touch "$build_stamp.new"
    "${maven[@]}" package -Dmaven.test.skip=true \
      --projects java/hawser,java/hawser-simp,java/hawser-cli,bench/chaos \
      >"$hawser_root/build/hawser.log" 2>&1 9>&- || {
      tail -n 40 "$hawser_root/build/hawser.log" >&2
      die 'hawser: the build failed; all of its output is in build/hawser.log'
    }
    mv "$build_stamp.new" "$build_stamp"
  ) 9>"$hawser_root/build/hawser.lock"
}
