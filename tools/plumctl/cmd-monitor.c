/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl monitor": prints every change of the gateways. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "gateway-watch.h"
#include "output.h"
#include "session.h"

#include <glib/gi18n-lib.h>

static const GOptionEntry monitor_entries[] = {
  COMMON_OPTION_BACKEND, COMMON_OPTION_GATEWAY, COMMON_OPTION_INTERFACE,
  COMMON_OPTION_JSON,    COMMON_OPTION_VERBOSE, { NULL },
};

static void
print_change (GatewayWatch *watch,
              PlumGateway *gateway,
              const char *event,
              const char *backend,
              const char *text)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *line = NULL;
  JsonWriter json;

  if (!common_options.json)
    {
      output_line (OUTPUT_PLAIN, "%s %s: %s%s%s", time,
                   g_dpgettext2 (GETTEXT_PACKAGE, "event", event),
                   backend != NULL ? describe_backend (backend) : "", backend != NULL ? ": " : "",
                   backend != NULL ? describe_skip_backend (text, backend) : text);
    }
  else
    {
      json_writer_init (&json);
      json_writer_begin_object (&json, NULL);
      json_writer_string (&json, "event", event);
      json_writer_string (&json, "time", time);
      describe_address_json (&json, "gateway", plum_gateway_get_address (gateway));
      json_writer_string (&json, "backend", backend);
      json_writer_string (&json, "text", text);
      json_writer_end_object (&json);
      line = json_writer_finish (&json);
      output_json (line);
    }
}

static void
on_gateway (GatewayWatch *watch, PlumGateway *gateway, gboolean present)
{
  const char *interface = plum_gateway_get_interface (gateway);
  g_autofree char *address = describe_address (plum_gateway_get_address (gateway));
  g_autofree char *local = describe_address (plum_gateway_get_local_address (gateway));
  g_autofree char *text = g_strdup_printf (
    /* Translators: an address, an interface, and an address. */
    present ? _ ("%s on %s, local address %s")
            /* Translators: an address, an interface, and an address. */
            : _ ("%s on %s, local address %s, removed"),
    address != NULL ? address : _ ("no address"),
    interface != NULL ? interface : _ ("an unknown interface"),
    local != NULL ? local : _ ("unknown"));

  print_change (watch, gateway, NC_ ("event", "gateway"), NULL, text);
}

static void
on_probe (GatewayWatch *watch, PlumGateway *gateway, PlumProbe *probe)
{
  g_autofree char *text = NULL;

  if (plum_probe_get_outcome (probe) == PLUM_PROBE_PENDING)
    return;

  text = describe_probe (probe);
  print_change (watch, gateway, NC_ ("event", "probe"), plum_probe_get_name (probe), text);
}

static void
on_property (GatewayWatch *watch, PlumGateway *gateway, const char *name)
{
  const char *backend = plum_gateway_get_backend_name (gateway);

  if (g_str_equal (name, "external-address"))
    {
      GInetAddress *external = plum_gateway_get_external_address (gateway);
      g_autofree char *address = describe_address (external);
      g_autofree char *text =
        g_strdup_printf ("%s (%s)", address != NULL ? address : _ ("unknown"),
                         describe_scope_text (plum_gateway_get_external_scope (gateway)));

      print_change (watch, gateway, NC_ ("event", "external"), NULL, text);
    }
  else if (g_str_equal (name, "model"))
    {
      g_autofree char *router = describe_router (gateway);

      print_change (watch, gateway, NC_ ("event", "router"), NULL,
                    router != NULL ? router : _ ("unknown"));
    }
  else
    {
      print_change (watch, gateway, NC_ ("event", "backend"), NULL,
                    backend != NULL ? describe_backend (backend) : _ ("none"));
    }
}

static void
on_monitor_note (GatewayWatch *watch, PlumGateway *gateway, const char *backend, const char *text)
{
  print_change (watch, gateway, NC_ ("event", "note"), backend, text);
}

static void
on_monitor_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Session *session = user_data;
  g_autoptr (GError) error = NULL;

  /* Keep running: the network or the router may become available later. */
  if (!plum_manager_discover_finish (PLUM_MANAGER (object), result, &error) && !session->closing)
    output_error ("%s", error->message);
}

static int
run_monitor (char **arguments, char **tail)
{
  Session session = { .interrupt_code = PLUMCTL_OK };
  GatewayWatch watch = {
    .gateway = on_gateway,
    .probe = on_probe,
    .property = on_property,
    .note = on_monitor_note,
    .user_data = &session,
  };
  int exit_code;

  if (arguments[0] != NULL)
    {
      output_error (_ ("unexpected argument “%s”"), arguments[0]);
      return PLUMCTL_USAGE;
    }

  if (!session_init (&session))
    return session.exit_code;
  session_close_with_reader (&session);

  gateway_watch_start (&watch, session.manager);
  plum_manager_discover_async (session.manager, NULL, on_monitor_discovered, &session);
  exit_code = session_run (&session);
  gateway_watch_clear (&watch);
  session_clear (&session);
  return exit_code;
}

const PlumctlCommand plumctl_command_monitor = {
  .name = "monitor",
  .arguments = "",
  .summary = N_ ("Print every change of the gateways until Ctrl-C is pressed"),
  .details = N_ ("Examples:\n"
                 "  plumctl monitor\n"
                 "  plumctl monitor --json\n"
                 "\n"
                 "Exit status: 0 after SIGINT, SIGTERM or SIGHUP, 2 usage error."),
  .options = monitor_entries,
  .run = run_monitor,
};
