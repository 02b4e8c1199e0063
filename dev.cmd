@echo off
rem Stoa Studio on Windows: dev run | test | lint | bench | package. The same as ./dev, without system packages:
rem the wheels bring what the studio needs. SRT destinations need srt.dll on the PATH.
setlocal
cd /d "%~dp0"
set UV_VERSION=0.13.8
set TOOLS=.cache\dev\uv-%UV_VERSION%
set UV=%TOOLS%\Scripts\uv.exe
set COMMAND=%~1
set FIRST=%~2
set QUICK= and not slow
if /i "%FIRST%"=="--slow" set QUICK=
if defined CI set QUICK=

if "%COMMAND%"=="" goto usage
if /i "%COMMAND%"=="run" goto known
if /i "%COMMAND%"=="test" goto known
if /i "%COMMAND%"=="lint" goto known
if /i "%COMMAND%"=="bench" goto known
if /i "%COMMAND%"=="package" goto known
echo dev: there is no dev %COMMAND% 1>&2
:usage
echo Stoa Studio, from source: dev run ^| test ^| lint ^| bench ^| package [ARGS]
exit /b 2

:known
rem everything behind the first word goes on to the tool
set ARGS=
:collect
shift
if "%~1"=="" goto prepare
set ARGS=%ARGS% %1
goto collect

:prepare
if exist "%UV%" goto sync
rem the py launcher lists what is installed; python alone may be the shop's stub, which answers though it cannot run
set PYTHON=
for %%P in ("py -3.13" "py -3.12" "py -3" "python") do (
  if not defined PYTHON (
    %%~P -c "import venv, ensurepip" >nul 2>nul && set "PYTHON=%%~P"
  )
)
if not defined PYTHON (
  echo dev: no Python starts here: install Python 3.12 from python.org, or: winget install Python.Python.3.12 1>&2
  exit /b 1
)
echo dev: installing uv %UV_VERSION% 1>&2
%PYTHON% -m venv "%TOOLS%" || exit /b 1
"%TOOLS%\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check uv==%UV_VERSION% || exit /b 1

:sync
if /i "%COMMAND%"=="run" (
  "%UV%" sync --locked --inexact --no-dev --quiet --python ">=3.12,<3.14" || exit /b 1
  .venv\Scripts\stoa.exe%ARGS%
  exit /b
)
"%UV%" sync --locked --inexact --quiet --python ">=3.12,<3.14" || exit /b 1
set PY=.venv\Scripts\python.exe
if /i "%COMMAND%"=="test" goto test
if /i "%COMMAND%"=="bench" (
  %PY% -m tests.benchmarks%ARGS%
  exit /b
)
if /i "%COMMAND%"=="package" (
  %PY% packaging\build.py%ARGS%
  exit /b
)
set STATUS=0
.venv\Scripts\ruff.exe check . || set STATUS=1
.venv\Scripts\ruff.exe format --check . || set STATUS=1
.venv\Scripts\mypy.exe || set STATUS=1
.venv\Scripts\lint-imports.exe --no-logo || set STATUS=1
exit /b %STATUS%

:test
if defined ARGS if /i not "%FIRST%"=="--slow" (
  %PY% -m pytest%ARGS%
  exit /b
)
rem first everything that stands company, two at a time; then what measures real time, alone on the machine
set STATUS=0
%PY% -m pytest -n 2 --dist loadgroup -m "not alone%QUICK%" || set STATUS=1
%PY% -m pytest -m "alone%QUICK%" || set STATUS=1
exit /b %STATUS%
