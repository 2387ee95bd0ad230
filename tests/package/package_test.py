"""Installs the build and uses it as its users do: with the installation alone, from another place.

    python3 package_test.py --build DIR --work DIR --generator NAME [--case Sdk|Host]

The installation is moved once before it is used, so that it cannot depend on where it was made."""

import argparse
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[1] / "samples"
HOST_LIBRARIES = [
    *("Boost", "OpenSSL", "spdlog", "fmt", "SQLite3", "RapidJSON", "CLI11"),
    "prometheus-cpp",
]

OPTIONS = argparse.Namespace()


def run(*command: object, expect_failure: bool = False) -> str:
    """Runs it; its output is the test's message when it does not end as expected."""
    result = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if (result.returncode != 0) != expect_failure:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def install(name: str, *components: str) -> Path:
    """The prefix with the components in it."""
    made, used = OPTIONS.work / f"{name}-made", OPTIONS.work / f"{name}-prefix"
    for path in (made, used):
        shutil.rmtree(path, ignore_errors=True)
    for component in components:
        run(OPTIONS.cmake, "--install", OPTIONS.build, "--prefix", made, "--component", component)
    made.rename(used)
    return used


def configure(source: Path, name: str, prefix: Path, *arguments: str, **keywords: bool) -> str:
    build = OPTIONS.work / name
    shutil.rmtree(build, ignore_errors=True)
    launchers = [
        f"-DCMAKE_{language}_COMPILER_LAUNCHER={OPTIONS.launcher}"
        for language in ("C", "CXX")
        if OPTIONS.launcher
    ]
    compilers = [
        f"-DCMAKE_C_COMPILER={OPTIONS.c_compiler}",
        f"-DCMAKE_CXX_COMPILER={OPTIONS.cxx_compiler}",
        f"-DCMAKE_CXX_FLAGS={OPTIONS.cxx_flags}",
    ]
    return run(
        OPTIONS.cmake,
        *("-S", source, "-B", build, "-G", OPTIONS.generator),
        *("--no-warn-unused-cli", "-DCMAKE_BUILD_TYPE=Debug"),
        *(f"-DCMAKE_PREFIX_PATH={prefix}", *compilers, *launchers, *arguments),
        **keywords,
    )


def build_project(source: Path, name: str, prefix: Path, *arguments: str) -> Path:
    configure(source, name, prefix, *arguments)
    run(OPTIONS.cmake, "--build", OPTIONS.work / name, "--parallel", "2")
    return OPTIONS.work / name


def exported_symbols(library: Path) -> list[str]:
    lines = run("nm", "--dynamic", "--defined-only", "--format=posix", library).splitlines()
    return [line.split()[0] for line in lines]


class Sdk(unittest.TestCase):
    """With nothing but the component `sdk`, and without any of the host's libraries."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.prefix = install("sdk", "sdk")
        cls.without = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in HOST_LIBRARIES]

    def only_library(self, build: Path) -> Path:
        (library,) = build.rglob("*.so")
        return library

    def test_plugins_in_c_and_cpp_build_and_export_the_entry_alone(self) -> None:
        build = build_project(HERE / "plugins", "plugins", self.prefix, *self.without)
        for name in ("hello_c", "hello_cpp"):
            symbols = exported_symbols(build / "plugins" / f"{name}.so")
            self.assertEqual(symbols, ["tenon_plugin_entry_v1"], name)
        needed = run("readelf", "--dynamic", build / "plugins" / "hello_c.so")
        self.assertNotIn("libstdc++", needed)
        run(build / "hello_test")  # a unit test with the fakes

    def test_a_plugin_is_installed_where_the_host_looks(self) -> None:
        build = build_project(SAMPLES / "plugin_cpp", "installed", self.prefix, *self.without)
        run(OPTIONS.cmake, "--install", build, "--prefix", OPTIONS.work / "installed-to")
        directory = run("pkg-config", "--variable=plugindir", self.pc("tenon-abi")).strip()
        relative = Path(directory).resolve().relative_to(self.prefix)
        self.assertTrue((OPTIONS.work / "installed-to" / relative / "parrot.so").is_file())

    def test_the_samples_build_as_they_are(self) -> None:
        samples = sorted(path.parent for path in SAMPLES.glob("plugin_*/CMakeLists.txt"))
        self.assertTrue(samples)
        for sample in samples:
            build = build_project(sample, sample.name, self.prefix, *self.without)
            library = self.only_library(build)
            self.assertEqual(exported_symbols(library), ["tenon_plugin_entry_v1"], sample.name)

    def pc(self, name: str) -> Path:
        (path,) = self.prefix.rglob(f"{name}.pc")
        return path

    def test_pkg_config_is_enough_for_a_plugin_in_c(self) -> None:
        flags = run("pkg-config", "--cflags", self.pc("tenon-abi")).split()
        source, library = SAMPLES / "plugin_c" / "echo.c", OPTIONS.work / "echo.so"
        strict = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
        shared = ["-shared", "-fPIC", "-fvisibility=hidden"]
        run(OPTIONS.c_compiler, *strict, *shared, *flags, source, "-o", library)
        self.assertEqual(exported_symbols(library), ["tenon_plugin_entry_v1"])

    def test_pkg_config_is_enough_for_a_plugin_in_cpp(self) -> None:
        path = f"--with-path={self.pc('tenon-sdk').parent}"
        flags = run("pkg-config", path, "--cflags", "--libs", "tenon-sdk").split()
        source, library = HERE / "plugins" / "hello.cpp", OPTIONS.work / "hello_pc.so"
        shared = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,defs"]
        launcher = OPTIONS.launcher.split(";") if OPTIONS.launcher else []
        made = OPTIONS.work / "hello_pc.o"
        compile_only = ["-std=c++20", "-fPIC", "-c"]
        run(*launcher, OPTIONS.cxx_compiler, *compile_only, *flags, source, "-o", made)
        run(OPTIONS.cxx_compiler, *shared, made, *flags, "-o", library)

    def test_asking_for_the_host_says_that_it_is_not_installed(self) -> None:
        output = configure(HERE / "program", "no-host", self.prefix, expect_failure=True)
        self.assertIn("only Tenon's SDK is installed", " ".join(output.split()))

    def test_nothing_installed_names_the_machine_it_was_made_on(self) -> None:
        texts = [p for p in self.prefix.rglob("*") if p.suffix in {".cmake", ".pc", ".h", ".hpp"}]
        self.assertGreater(len(texts), 20)
        places = [str(OPTIONS.build), str(HERE.parents[1]), str(self.prefix)]
        for path in texts:
            text = path.read_text(encoding="utf-8")
            self.assertFalse([place for place in places if place in text], path)


class Host(unittest.TestCase):
    """With everything installed."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.prefix = install("all", "sdk", "host", "runtime")
        cls.plugins = build_project(HERE / "plugins", "host-plugins", cls.prefix) / "plugins"

    def test_a_program_links_one_target_and_completes_through_any_plugin(self) -> None:
        program = build_project(HERE / "program", "program", self.prefix) / "ask"
        for kind, answer in (("hello-c", "hello from C\n"), ("hello-cpp", "hello from C++\n")):
            self.assertEqual(run(program, self.plugins, kind, "hi"), answer)

    def test_the_samples_of_programs_build_as_they_are(self) -> None:
        for project in sorted(SAMPLES.glob("*/CMakeLists.txt")):
            if not project.parent.name.startswith("plugin_"):
                build_project(project.parent, project.parent.name, self.prefix)

    def test_the_sample_of_managed_connections_fails_over(self) -> None:
        source = SAMPLES / "managed"
        program = build_project(source, "managed-run", self.prefix) / "managed"
        (mock,) = self.prefix.glob("lib*/**/tenon/plugins/mock.so")
        output = run(program, mock.parent, source / "managed.json")
        self.assertIn("primary answers, attempts: 1", output)
        self.assertIn("backup answers, attempts: 2", output)
        self.assertIn("backup answers, attempts: 1", output)
        self.assertIn("primary: connected, breaker forced_open, requests 2, failures 1", output)

    def test_the_bundled_plugins_are_installed_and_export_the_entry_alone(self) -> None:
        libraries = list(self.prefix.glob("lib*/**/tenon/plugins/*.so"))
        self.assertIn("mock.so", [library.name for library in libraries])
        for library in libraries:
            self.assertEqual(exported_symbols(library), ["tenon_plugin_entry_v1"], library.name)

    def test_the_program_tenon_finds_the_bundled_plugins_beside_it(self) -> None:
        program = self.prefix / "bin" / "tenon"
        if not OPTIONS.program:
            self.skipTest("this build has no program")
        self.assertIn("mock", run(program, "plugins", "list"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--c-compiler", default="cc")
    parser.add_argument("--cxx-compiler", default="c++")
    parser.add_argument("--cxx-flags", default="")
    parser.add_argument("--launcher", default="")
    parser.add_argument("--program", action="store_true", help="the build has the program tenon")
    OPTIONS, rest = parser.parse_known_args()
    OPTIONS.work = OPTIONS.work.resolve()
    OPTIONS.work.mkdir(parents=True, exist_ok=True)
    unittest.main(argv=[sys.argv[0], *rest])
