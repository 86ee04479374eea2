"""Maven, Gradle and Coursier: how they are pointed here, how they call themselves, where they name their upstream."""

from __future__ import annotations

from subak.ecosystems.base import AgentPattern, Client, Hints, SettingFile

_SETTINGS = """\
<settings>
  <mirrors>
    <mirror>
      <id>subak</id>
      <mirrorOf>*</mirrorOf>
      <url>{base}/maven/</url>
    </mirror>
  </mirrors>
</settings>
"""

_LOGGING = """\
# Maven reads this from its settings folder; these are its own defaults.
org.slf4j.simpleLogger.defaultLogLevel=info
org.slf4j.simpleLogger.showDateTime=false
org.slf4j.simpleLogger.showThreadName=false
org.slf4j.simpleLogger.showLogName=false
org.slf4j.simpleLogger.logFile=System.out
org.slf4j.simpleLogger.cacheOutputStream=true
org.slf4j.simpleLogger.levelInBrackets=true
org.slf4j.simpleLogger.log.Sisu=info
org.slf4j.simpleLogger.warnLevelString=WARNING
"""

_INIT_SCRIPT = """\
// All Maven repositories of every build are asked through this gateway. Plugins that it does not have are still
// looked for in Gradle's own plugin portal, which is another registry.
def gateway = URI.create('{base}/maven/')
def here = { repository ->
    repository.url = gateway
    if (repository.hasProperty('allowInsecureProtocol')) {
        repository.allowInsecureProtocol = true
    }
}
def point = { repositories ->
    repositories.all { repository ->
        def remote = repository instanceof MavenArtifactRepository && repository.url?.scheme in ['http', 'https']
        if (remote && !repository.name.contains('Gradle Central Plugin Repository')) {
            here(repository)
        }
    }
}
settingsEvaluated { settings ->
    def plugins = settings.pluginManagement.repositories
    if (plugins.empty) {
        plugins.maven { here(it) }
        plugins.gradlePluginPortal()
    }
    point(plugins)
    if (settings.hasProperty('dependencyResolutionManagement')) {
        point(settings.dependencyResolutionManagement.repositories)
    }
}
allprojects {
    point(buildscript.repositories)
    point(repositories)
}
"""

_ONE_LINE = (
    "<settings><mirrors><mirror><id>subak</id><mirrorOf>*</mirrorOf><url>{base}/maven/</url></mirror></mirrors>"
    "</settings>"
)

CLIENTS: tuple[Client, ...] = (
    Client(
        "mvn",
        # Maven 3 has no variable for settings, but its launcher takes the folder with the global ones as a property;
        # the person's own ~/.m2/settings.xml is read as before. Maven 4 wants the file as an argument.
        (("MAVEN_OPTS", "-Dmaven.conf={folder}/maven"), ("MAVEN_ARGS", "-gs {folder}/maven/settings.xml")),
        # noclobber: settings that are there may hold passwords, and stay
        f"mkdir -p ~/.m2 && (set -C; echo '{_ONE_LINE}' > ~/.m2/settings.xml)",
        version=("mvn", "--version"),
        files=(("maven/settings.xml", _SETTINGS), ("maven/logging/simplelogger.properties", _LOGGING)),
    ),
    Client(
        "gradle",
        (),
        "mkdir -p ~/.gradle/init.d && cp {folder}/gradle/subak.init.gradle ~/.gradle/init.d/",
        version=("gradle", "--version"),
        files=(("gradle/subak.init.gradle", _INIT_SCRIPT),),
        shims=(("gradle", ("--init-script", "{folder}/gradle/subak.init.gradle")),),
    ),
    Client(
        "coursier",
        (("COURSIER_REPOSITORIES", "ivy2Local|{base}/maven"),),
        "export COURSIER_REPOSITORIES='ivy2Local|{base}/maven'",
        version=("cs", "version"),
    ),
)

AGENTS: tuple[AgentPattern, ...] = (
    AgentPattern("maven", r"Apache-Maven/(?P<version>[^\s(]+)"),
    AgentPattern("gradle", r"Gradle/(?P<version>[^\s(]+)"),
    AgentPattern("coursier", r"Coursier/(?P<version>[^\s(]+)"),
    AgentPattern("ivy", r"Apache Ivy/(?P<version>[^\s(]+)"),
    AgentPattern("bazel", r"Bazel/(?P<version>[^\s(]+)"),
    AgentPattern("leiningen", r"Leiningen/(?P<version>[^\s(]+)"),
    AgentPattern("m2e", r"m2e/(?P<version>[^\s(/]+)"),
    AgentPattern("resolver", r"Aether\b"),  # Maven's resolver inside another program
    AgentPattern("nexus", r"Nexus/(?P<version>[^\s(]+)"),
    AgentPattern("artifactory", r"Artifactory/(?P<version>[^\s(]+)"),
)


def _clean(text: str) -> str:
    """Maven's own mirror for blocked repositories leads nowhere, on purpose."""
    return "" if "//0.0.0.0" in text else text


HINTS = Hints(
    files=(SettingFile("~/.m2/settings.xml", "xml", ("mirrors.mirror.url",)),),
    builtin="purl:maven",
    path="maven2/",
    clean=_clean,
)
