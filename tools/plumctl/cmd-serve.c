/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl serve": holds the ports of a file, for a system or user service. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "file-watch.h"
#include "mapping-report.h"
#include "notify-socket.h"
#include "output.h"
#include "served-ports.h"
#include "session.h"
#include "state-directory.h"

#include <glib/gi18n-lib.h>

#define SYSTEM_FILE "/etc/plumctl/ports.conf"

/* An editor writes a file in several steps. */
#define SETTLE_MS 200

static gboolean check_only;

static const GOptionEntry serve_entries[] = {
  { "check", 'c', 0, G_OPTION_ARG_NONE, &check_only, N_ ("Check the file and exit"), NULL },
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_JSON,
  COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_QUIET,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

typedef struct
{
  Session session; /* first: a Session * is a Serve * */
  char *path;
  ServedPorts *ports;
  NotifySocket *notify;
  FileWatch *watch;
  guint reload_id;
  char *status; /* (nullable): as sent */
} Serve;

/* --- The file --- */

/* The file of the user, or else that of the system. (transfer full) */
static char *
find_file (void)
{
  g_autofree char *path =
    g_build_filename (g_get_user_config_dir (), "plumctl", "ports.conf", NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS) || !g_file_test (SYSTEM_FILE, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  return g_strdup (SYSTEM_FILE);
}

/* Reports an error. (element-type PortsFileMapping) (transfer full) (nullable) */
static GPtrArray *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  GPtrArray *mappings;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &error))
    {
      output_error ("%s", error->message);
      return NULL;
    }

  mappings = ports_file_parse (text, length, &error);
  if (mappings == NULL)
    output_error ("%s: %s", path, error->message);
  return mappings;
}

/* With --json, standard output has only objects. */
static void
print_count (const char *path, guint n)
{
  if (!common_options.json)
    output_line (OUTPUT_PLAIN,
                 /* Translators: a file, and the number of mappings in it. */
                 g_dngettext (GETTEXT_PACKAGE, "%s: %u mapping", "%s: %u mappings", n), path, n);
}

/* --- Reports --- */

static void
send_status (Serve *serve)
{
  g_autofree char *status = NULL;
  guint n = served_ports_get_n (serve->ports);

  if (serve->session.closing)
    return;

  status = g_strdup_printf ("%u of %u %s mapped", served_ports_get_n_up (serve->ports), n,
                            n == 1 ? "port is" : "ports are");
  if (g_strcmp0 (status, serve->status) == 0)
    return;

  notify_socket_send (serve->notify, "STATUS=%s", status);
  g_free (serve->status);
  serve->status = g_steal_pointer (&status);
}

static void
on_port_changed (ServedPorts *ports, PlumMapping *mapping, gpointer user_data)
{
  Serve *serve = user_data;
  const GError *error = plum_mapping_get_error (mapping);

  send_status (serve);
  mapping_report_print (mapping, FALSE);

  /* The close names those itself. */
  if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED && error != NULL &&
      !serve->session.closing)
    {
      g_autofree char *name = describe_mapping_name (mapping);

      output_error ("%s: the router may still have the mapping: %s", name, error->message);
    }
}

static void
on_port_removed (ServedPorts *ports, gpointer user_data)
{
  send_status (user_data);
}

static const ServedPortsClient ports_client = {
  .changed = on_port_changed,
  .removed = on_port_removed,
};

/* --- Reload --- */

static void
watch_file (Serve *serve)
{
  g_autoptr (GError) error = NULL;

  if (!file_watch_update (serve->watch, &error))
    output_error (
      "changes of the file are not noticed: reload or restart the service after a change: %s",
      error->message);
}

static void
reload (Serve *serve)
{
  g_autoptr (GPtrArray) mappings = NULL;

  notify_socket_send (serve->notify, "RELOADING=1");
  watch_file (serve);
  mappings = read_file (serve->path);
  if (mappings != NULL)
    {
      print_count (serve->path, mappings->len);
      served_ports_apply (serve->ports, mappings);
    }
  else
    {
      output_error ("the ports stay as they are");
    }
  notify_socket_send (serve->notify, "READY=1");
  send_status (serve);
}

static gboolean
on_settled (gpointer user_data)
{
  Serve *serve = user_data;

  serve->reload_id = 0;
  if (!serve->session.closing)
    reload (serve);
  return G_SOURCE_REMOVE;
}

static void
on_file_changed (gpointer user_data)
{
  Serve *serve = user_data;

  g_clear_handle_id (&serve->reload_id, g_source_remove);
  serve->reload_id = g_timeout_add (SETTLE_MS, on_settled, serve);
}

/* --- Run --- */

static void
on_serve_interrupted (Session *session, Interrupt interrupt)
{
  Serve *serve = (Serve *) session;

  if (interrupt == INTERRUPT_HANGUP)
    {
      reload (serve);
      return;
    }

  served_ports_stop (serve->ports);
  notify_socket_send (serve->notify, "STOPPING=1\nSTATUS=Removing the mappings");
  session_close (session, PLUMCTL_OK);
}

static int
serve_ports (Serve *serve, GPtrArray *mappings)
{
  int exit_code;

  /* The lines that follow are for the journal, and the status is for the service manager: they are
   * in English on all systems, so that programs and reports can rely on them. */
  output_set_untranslated ();

  serve->session.interrupted = on_serve_interrupted;
  serve->session.reloads = TRUE;
  interrupts_watch_hangup ();
  state_directory_use (serve->session.manager);
  serve->ports = served_ports_new (serve->session.manager, &ports_client, serve);
  serve->watch = file_watch_new (serve->path, on_file_changed, serve);
  watch_file (serve);

  served_ports_apply (serve->ports, mappings);
  notify_socket_send (serve->notify, "READY=1");
  send_status (serve);
  notify_socket_start_watchdog (serve->notify);

  exit_code = session_run (&serve->session);

  g_clear_handle_id (&serve->reload_id, g_source_remove);
  g_clear_pointer (&serve->watch, file_watch_free);
  served_ports_free (serve->ports);
  return exit_code;
}

static int
run_serve (char **arguments, char **tail)
{
  Serve serve = { .session.interrupt_code = PLUMCTL_OK };
  g_autoptr (GPtrArray) mappings = NULL;
  int exit_code = PLUMCTL_FAILED;

  if (arguments[0] != NULL && arguments[1] != NULL)
    {
      output_error (_ ("“%s”: only one FILE can be served"), arguments[1]);
      return PLUMCTL_USAGE;
    }

  serve.path = arguments[0] != NULL ? g_strdup (arguments[0]) : find_file ();
  serve.notify = notify_socket_new ();
  mappings = read_file (serve.path);
  if (mappings != NULL && check_only)
    {
      output_set_quiet (common_options.quiet);
      print_count (serve.path, mappings->len);
      exit_code = PLUMCTL_OK;
    }
  else if (mappings != NULL)
    {
      if (session_init (&serve.session))
        exit_code = serve_ports (&serve, mappings);
      else
        exit_code = serve.session.exit_code;
      session_clear (&serve.session);
    }

  g_clear_pointer (&serve.notify, notify_socket_free);
  g_free (serve.status);
  g_free (serve.path);
  return exit_code;
}

const PlumctlCommand plumctl_command_serve = {
  .name = "serve",
  .arguments = N_ ("[FILE]"),
  .summary = N_ ("Hold the ports of a file, as a service"),
  .details = N_ (
    "The file has a group for each SPEC, and may be changed at any time: ports that have not\n"
    "changed stay mapped. If a line is invalid, no change takes effect.\n"
    "  [tcp:8080]\n"
    "  external=80                    the preferred external port\n"
    "  exact=true                     accept no other external port\n"
    "  family=both                    4, 6 or both (default: 4)\n"
    "  description=Web server         the name in the router's mapping table\n"
    "  local-address=192.168.1.23     the address of this computer that is to be reached\n"
    "  from=203.0.113.7 198.51.100.0/24  accept connections only from these hosts and networks\n"
    "  for=192.168.1.50               map the ports to this host of the local network\n"
    "  on-change=/usr/bin/update-dns  a command to run when the port is mapped, is lost,\n"
    "                                 or has another address; it has the environment of “run”\n"
    "\n"
    "Default file: ~/.config/plumctl/ports.conf, or /etc/plumctl/ports.conf if that does\n"
    "not exist.\n"
    "\n"
    "Examples:\n"
    "  plumctl serve --check ports.conf\n"
    "  plumctl serve /etc/plumctl/ports.conf\n"
    "\n"
    "Exit status: 0 stopped, such as by Ctrl-C, 1 the file cannot be used, 2 usage error,\n"
    "3 a backend cannot be used."),
  .options = serve_entries,
  .run = run_serve,
};
