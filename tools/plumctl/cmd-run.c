/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl run": maps ports for as long as a command runs, and tells the command where. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "mapping-set.h"
#include "output.h"
#include "state-directory.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct
{
  gboolean keep_trying;
  gboolean exact;
  char *wait;
  char *description;
} options;

static const GOptionEntry entries[] = {
  { "wait", 'w', 0, G_OPTION_ARG_STRING, &options.wait,
    "Whether to wait for the mappings before the command starts (yes)", "yes|no" },
  { "keep-trying", 'k', 0, G_OPTION_ARG_NONE, &options.keep_trying,
    "Do not exit when the first attempt fails", NULL },
  { "exact", 'e', 0, G_OPTION_ARG_NONE, &options.exact,
    "Take exactly the external port that is asked for, or fail", NULL },
  { "description", 'd', 0, G_OPTION_ARG_STRING, &options.description,
    "The name that the router's table shows", "TEXT" },
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_QUIET,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

typedef struct
{
  Session session; /* first: a Session * is a Run * */
  MappingSet set;
  char **command;
  GSubprocess *child;
} Run;

static void
on_child_exited (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  GSubprocess *child = G_SUBPROCESS (object);
  int exit_code;

  g_subprocess_wait_finish (child, result, NULL);
  if (g_subprocess_get_if_exited (child))
    exit_code = g_subprocess_get_exit_status (child);
  else
    exit_code = PLUMCTL_SIGNALLED + g_subprocess_get_term_sig (child);

  g_clear_object (&run->child);
  session_close (&run->session, exit_code);
}

/* Tells the command where each mapping can be reached: PLUM_TCP_8080=203.0.113.5:8080. */
static void
set_environment (GSubprocessLauncher *launcher, PlumMapping *mapping)
{
  const char *host = plum_mapping_get_external_host (mapping);
  gboolean bracket = host != NULL && strchr (host, ':') != NULL;
  g_autofree char *protocol =
    g_ascii_strup (describe_protocol (plum_mapping_get_protocol (mapping)), -1);
  g_autofree char *name =
    g_strdup_printf ("PLUM_%s_%u", protocol, plum_mapping_get_internal_port (mapping));
  g_autofree char *value =
    g_strdup_printf ("%s%s%s:%u", bracket ? "[" : "", host != NULL ? host : "", bracket ? "]" : "",
                     plum_mapping_get_external_port (mapping));

  if (plum_mapping_get_state (mapping) != PLUM_STATE_SUCCESS)
    return;

  g_subprocess_launcher_setenv (launcher, name, value, TRUE);
  if (host != NULL)
    g_subprocess_launcher_setenv (launcher, "PLUM_EXTERNAL_ADDRESS", host, TRUE);
}

static void
start_child (Run *run)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  g_autoptr (GError) error = NULL;

  /* From the last to the first: the first SPEC's address is PLUM_EXTERNAL_ADDRESS. */
  for (guint i = run->set.mappings->len; i > 0; i--)
    set_environment (launcher, run->set.mappings->pdata[i - 1]);

  run->child = g_subprocess_launcher_spawnv (launcher, (const char *const *) run->command, &error);
  if (run->child == NULL)
    {
      output_error ("%s", error->message);
      session_close (&run->session, g_error_matches (error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT)
                                      ? PLUMCTL_NOT_FOUND
                                      : PLUMCTL_NOT_EXECUTABLE);
      return;
    }

  g_subprocess_wait_async (run->child, NULL, on_child_exited, run);
}

static void
on_up (MappingSet *set)
{
  Run *run = (Run *) set->session;

  if (run->child == NULL)
    start_child (run);
}

/* Standard output is the command's: what becomes of the mappings goes to standard error. */
static void
on_changed (MappingSet *set, PlumMapping *mapping)
{
  static const char key[] = "plumctl-printed";
  PlumState state = plum_mapping_get_state (mapping);
  char *text;

  if (common_options.quiet ||
      (state != PLUM_STATE_SUCCESS && (state != PLUM_STATE_FAILURE || !set->decided)))
    return;

  text = describe_mapping (mapping);
  if (g_strcmp0 (text, g_object_get_data (G_OBJECT (mapping), key)) != 0)
    output_error ("%s", text);
  g_object_set_data_full (G_OBJECT (mapping), key, text, g_free);
}

static void
on_interrupted (Session *session, int signal_number)
{
  Run *run = (Run *) session;

  if (run->child == NULL)
    {
      session_close (session, PLUMCTL_SIGNALLED + signal_number);
      return;
    }

  /* A terminal's Ctrl-C has reached the command already: it is in our process group. */
  if (signal_number == SIGINT && tcgetpgrp (STDIN_FILENO) == getpgrp ())
    return;

  g_subprocess_send_signal (run->child, signal_number);
}

static gboolean
check_words (char **tail)
{
  if (options.wait != NULL && !g_str_equal (options.wait, "yes") &&
      !g_str_equal (options.wait, "no"))
    {
      output_error ("--wait: “%s” is neither yes nor no", options.wait);
      return FALSE;
    }

  if (tail == NULL || tail[0] == NULL)
    {
      output_error ("no command: put it after “--”, as in plumctl run tcp:8080 -- my-server");
      return FALSE;
    }

  return TRUE;
}

static int
run_with_session (Run *run, gboolean wait)
{
  int exit_code = PLUMCTL_FAILED;

  run->session.interrupted = on_interrupted;
  run->set.keep_trying = options.keep_trying || !wait;
  state_directory_use (run->session.manager);

  if (!mapping_set_start (&run->set, &exit_code))
    return exit_code;
  if (!wait)
    start_child (run);

  return session_run (&run->session);
}

static int
run_run (char **words, char **tail)
{
  Run run = { .command = tail };
  gboolean wait = g_strcmp0 (options.wait, "no") != 0;
  int exit_code = PLUMCTL_USAGE;

  run.set = (MappingSet){
    .session = &run.session, .changed = on_changed, .up = on_up, .exact = options.exact
  };
  if (check_words (tail) && mapping_set_parse (&run.set, words, options.description))
    {
      if (session_init (&run.session))
        exit_code = run_with_session (&run, wait);
      else
        exit_code = run.session.exit_code;
    }

  mapping_set_clear (&run.set);
  session_clear (&run.session);
  return exit_code;
}

const PlumctlCommand plumctl_command_run = {
  .name = "run",
  .arguments = "SPEC… -- COMMAND [ARGUMENT…]",
  .summary = "Map ports for as long as a command runs",
  .details =
    "The command finds PLUM_TCP_8080=ADDRESS:PORT for tcp:8080 in its environment, and\n"
    "PLUM_EXTERNAL_ADDRESS; with --wait=no only what is mapped at its start. The mappings are\n"
    "removed when it ends. SIGINT, SIGTERM and SIGHUP are passed on to it.\n"
    "\n"
    "Example:\n"
    "  plumctl run tcp:9011 -- sh -c 'echo \"reach me at $PLUM_TCP_9011\"; my-server 9011'\n"
    "\n"
    "Exit status: the command's, 128 and the number of the signal that ended it, 126 or 127 if\n"
    "it could not be started; before that 1 a mapping failed, 2 wrong usage, 3 no router\n"
    "answered.",
  .options = entries,
  .has_tail = TRUE,
  .run = run_run,
};
