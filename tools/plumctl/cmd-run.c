/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl run": maps ports while a command runs, and passes their addresses to the command. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "host-options.h"
#include "mapping-environment.h"
#include "mapping-set.h"
#include "output.h"
#include "state-directory.h"
#include "verification.h"
#include "verified.h"

#include <glib/gi18n-lib.h>

static struct
{
  gboolean keep_trying;
  gboolean exact;
  char *wait;
  char *description;
  char *local_address;
} run_options;

static const GOptionEntry run_entries[] = {
  { "wait", 'w', 0, G_OPTION_ARG_STRING, &run_options.wait,
    N_ ("Wait for the mappings before starting the command (default: yes)"), "yes|no" },
  { "keep-trying", 'k', 0, G_OPTION_ARG_NONE, &run_options.keep_trying,
    N_ ("Do not exit if the first attempt fails"), NULL },
  { "exact", 'e', 0, G_OPTION_ARG_NONE, &run_options.exact,
    N_ ("Fail if the requested external port is not available"), NULL },
  { "description", 'd', 0, G_OPTION_ARG_STRING, &run_options.description,
    N_ ("The name shown in the router's mapping table"), N_ ("TEXT") },
  { "local-address", 0, 0, G_OPTION_ARG_STRING, &run_options.local_address,
    N_ ("The address of this computer that is to be reached"), N_ ("ADDRESS") },
  HOST_OPTION_FROM,
  HOST_OPTION_FOR (N_ ("Map the ports to this host of the local network")),
  COMMON_OPTION_STUN,
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_QUIET,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

typedef struct
{
  Session session; /* first: a Session * is a RunCommand * */
  MappingSet set;
  Verification verification;
  char **command;
  GSubprocess *child;
} RunCommand;

static void
on_child_exited (GObject *object, GAsyncResult *result, gpointer user_data)
{
  RunCommand *run = user_data;
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

static void
start_child (RunCommand *run)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  g_autoptr (GError) error = NULL;

  interrupts_inherit (launcher);
  g_subprocess_launcher_unsetenv (launcher, "PLUM_EXTERNAL_ADDRESS");
  /* In reverse, so that PLUM_EXTERNAL_ADDRESS is the address of the first SPEC. */
  for (guint i = run->set.mappings->len; i > 0; i--)
    mapping_environment_set (launcher, run->set.mappings->pdata[i - 1]);

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
on_run_up (MappingSet *set)
{
  RunCommand *run = (RunCommand *) set->session;

  if (common_options.stun != NULL)
    verification_start (&run->verification);
  else if (run->child == NULL)
    start_child (run);
}

static void
on_run_verified (Verification *verification, PlumMapping *mapping)
{
  g_autofree char *name = describe_mapping_name (mapping);
  g_autofree char *text = verified_describe (mapping);

  if (!common_options.quiet)
    output_error ("%s: %s", name, text);
}

static void
on_run_all_verified (Verification *verification)
{
  RunCommand *run = (RunCommand *) verification->set->session;

  if (!run->session.closing)
    start_child (run);
}

/* Standard output belongs to the command, so changes are printed on standard error. The failure of
 * the first attempt is an error of plumctl, unless it goes on. */
static void
on_run_changed (MappingSet *set, PlumMapping *mapping)
{
  static const char key[] = "plumctl-printed";
  PlumState state = plum_mapping_get_state (mapping);
  gboolean failed = state == PLUM_STATE_FAILURE && (set->keep_trying || set->decided);
  char *text;

  if (common_options.quiet || (state != PLUM_STATE_SUCCESS && !failed))
    return;

  text = describe_mapping (mapping);
  if (g_strcmp0 (text, g_object_get_data (G_OBJECT (mapping), key)) != 0)
    output_error ("%s", text);
  g_object_set_data_full (G_OBJECT (mapping), key, text, g_free);
}

static void
on_interrupted (Session *session, Interrupt interrupt)
{
  RunCommand *run = (RunCommand *) session;

  if (run->child == NULL)
    {
      session_close (session, PLUMCTL_SIGNALLED + (int) interrupt);
      return;
    }

  interrupts_forward (interrupt, run->child);
}

static gboolean
run_check_arguments (char **tail)
{
  if (run_options.wait != NULL && !g_str_equal (run_options.wait, "yes") &&
      !g_str_equal (run_options.wait, "no"))
    {
      output_error (_ ("--wait: “%s” is invalid, must be yes or no"), run_options.wait);
      return FALSE;
    }

  if (common_options.stun != NULL && g_strcmp0 (run_options.wait, "no") == 0)
    {
      output_error (
        _ ("--stun tests the ports before the command starts, which --wait=no forbids"));
      return FALSE;
    }

  if (tail == NULL || tail[0] == NULL)
    {
      output_error (_ ("no command given, for example: plumctl run tcp:8080 -- my-server"));
      return FALSE;
    }

  return TRUE;
}

static int
run_with_session (RunCommand *run, gboolean wait)
{
  int exit_code = PLUMCTL_FAILED;

  run->session.interrupted = on_interrupted;
  run->set.keep_trying = run_options.keep_trying || !wait;
  state_directory_use (run->session.manager);

  if (!mapping_set_start (&run->set, &exit_code))
    return exit_code;
  if (!wait)
    start_child (run);

  return session_run (&run->session);
}

static int
run_run (char **arguments, char **tail)
{
  RunCommand run = { .command = tail };
  gboolean wait = g_strcmp0 (run_options.wait, "no") != 0;
  int exit_code = PLUMCTL_USAGE;

  run.set = (MappingSet){
    .session = &run.session, .changed = on_run_changed, .up = on_run_up, .exact = run_options.exact
  };
  run.verification =
    (Verification){ .set = &run.set, .verified = on_run_verified, .done = on_run_all_verified };
  if (run_check_arguments (tail) &&
      mapping_set_use_local_address (&run.set, run_options.local_address, NULL) &&
      mapping_set_parse_hosts (&run.set, run_options.local_address != NULL) &&
      mapping_set_parse (&run.set, arguments, run_options.description) &&
      verification_check (&run.set))
    {
      if (session_init (&run.session))
        exit_code = run_with_session (&run, wait);
      else
        exit_code = run.session.exit_code;
    }

  verification_clear (&run.verification);
  mapping_set_clear (&run.set);
  session_clear (&run.session);
  return exit_code;
}

const PlumctlCommand plumctl_command_run = {
  .name = "run",
  .arguments = N_ ("SPEC… -- COMMAND [ARGUMENT…]"),
  .summary = N_ ("Map ports while a command runs"),
  .details = N_ (
    "The environment of the command contains PLUM_TCP_8080=ADDRESS:PORT for tcp:8080, and\n"
    "PLUM_EXTERNAL_ADDRESS. If the router does not report its address, PLUM_TCP_8080 is :PORT, "
    "and\n"
    "PLUM_EXTERNAL_ADDRESS is not set. With --wait=no, variables are set only for ports that are\n"
    "already mapped. The mappings are removed when the command exits. A request to stop plumctl "
    "is\n"
    "forwarded to the command. With --stun, PLUM_UDP_5000_VERIFIED is yes, no or unknown.\n"
    "\n"
    "“plumctl --help” shows the forms of a SPEC, such as tcp:8000-8010 for 11 ports.\n"
    "\n"
    "Example:\n"
    "  plumctl run tcp:9011 -- sh -c 'echo \"reach me at $PLUM_TCP_9011\"; my-server 9011'\n"
    "\n"
    "Exit status: that of the command; 128 plus the signal number if a signal killed it; 126 or\n"
    "127 if it could not be started. If it was not started: 1 a mapping failed, 2 usage error,\n"
    "3 no router answered."),
  .options = run_entries,
  .has_tail = TRUE,
  .run = run_run,
};
