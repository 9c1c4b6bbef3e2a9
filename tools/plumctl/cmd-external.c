/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl external": prints only the external address, for scripts. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "exit-code.h"
#include "output.h"

#include <glib/gi18n-lib.h>

static const GOptionEntry external_entries[] = {
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_JSON,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

static void
print_address (PlumGateway *gateway, const char *address)
{
  PlumAddressScope scope = plum_gateway_get_external_scope (gateway);
  const char *reason = describe_scope_reason (scope);
  g_autofree char *text = NULL;
  JsonWriter json;

  if (!common_options.json)
    {
      output_line (OUTPUT_PLAIN, "%s", address);
      if (reason != NULL)
        /* Translators: an address, and its kind. */
        output_error (_ ("%s is %s"), address, reason);
      return;
    }

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "external");
  json_writer_string (&json, "external_address", address);
  json_writer_string (&json, "external_scope", describe_scope (scope));
  json_writer_string (&json, "backend", plum_gateway_get_backend_name (gateway));
  json_writer_end_object (&json);
  text = json_writer_finish (&json);
  output_json (text);
}

static void
print_missing_address (Discovery *discovery, PlumGateway *gateway)
{
  const char *backend = plum_gateway_get_backend_name (gateway);
  g_autofree char *reason = describe_missing_address (gateway);
  const GError *error = discovery->address_error;

  if (reason != NULL)
    output_error ("%s", reason);
  else
    {
      /* Translators: a protocol, and an error. */
      if (error != NULL)
        output_error (_ ("the router answered by %s, but did not report its external address: %s"),
                      describe_backend (backend), error->message);
      else
        /* Translators: a protocol. */
        output_error (_ ("the router answered by %s, but did not report its external address"),
                      describe_backend (backend));
    }
  output_hint (_ ("Run “plumctl doctor” to find out why."));
}

static void
on_done (Discovery *discovery)
{
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (discovery);
  g_autofree char *address = NULL;

  if (!discovery_is_served (discovery))
    {
      discovery_print_failure (discovery);
      session_quit (discovery->session, PLUMCTL_NO_ROUTER);
      return;
    }

  address = describe_address (plum_gateway_get_external_address (gateway));
  if (address != NULL)
    print_address (gateway, address);
  else
    print_missing_address (discovery, gateway);
  session_quit (discovery->session, address != NULL ? PLUMCTL_OK : PLUMCTL_FAILED);
}

static int
run_external (char **arguments, char **tail)
{
  Session session = { .interrupt_code = PLUMCTL_FAILED };
  Discovery discovery = { .session = &session,
                          .any_family = TRUE,
                          .first_address = TRUE,
                          .asks_address = TRUE,
                          .done = on_done };

  return discovery_run (&discovery, arguments);
}

const PlumctlCommand plumctl_command_external = {
  .name = "external",
  .arguments = "",
  .summary = N_ ("Print only the external address"),
  .details =
    N_ ("If the router reports its address only with a mapping, as with PCP, maps an unused\n"
        "UDP port for a moment.\n"
        "\n"
        "Example:\n"
        "  address=$(plumctl external) || exit\n"
        "\n"
        "Exit status: 0 success, 1 the router did not report its external address,\n"
        "2 usage error, 3 no router answered."),
  .options = external_entries,
  .run = run_external,
};
