/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl external": prints only the external address, for scripts. */

#include "chain-report.h"
#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "exit-code.h"
#include "output.h"

#include <glib/gi18n-lib.h>

static const GOptionEntry external_entries[] = {
  COMMON_OPTION_BACKEND, COMMON_OPTION_GATEWAY, COMMON_OPTION_INTERFACE, COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_TIMEOUT, COMMON_OPTION_JSON,    COMMON_OPTION_VERBOSE,   { NULL },
};

static void
external_print_json (const RouterChain *chain, PlumGateway *outermost)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "external");
  describe_address_json (&json, "external_address", plum_gateway_get_external_address (outermost));
  json_writer_string (&json, "external_scope",
                      describe_scope (plum_gateway_get_external_scope (outermost)));
  json_writer_string (&json, "backend", plum_gateway_get_backend_name (outermost));
  chain_report_json (&json, chain);
  json_writer_end_object (&json);
  text = json_writer_finish (&json);
  output_json (text);
}

/* Only the address is on standard output. */
static void
print_address (const RouterChain *chain)
{
  PlumGateway *outermost = router_chain_get_outermost (chain);
  const char *reason = describe_scope_reason (plum_gateway_get_external_scope (outermost));
  g_autofree char *address = describe_address (plum_gateway_get_external_address (outermost));
  g_autofree char *way = router_chain_dup_way (chain);
  g_autofree char *problem = chain_report_dup_problem (chain);

  if (common_options.json)
    {
      external_print_json (chain, outermost);
      return;
    }

  output_line (OUTPUT_PLAIN, "%s", address);
  if (way != NULL && router_chain_get_unconfirmed (chain) == NULL)
    /* Translators: the addresses of routers. */
    output_hint (_ ("Through %s."), way);
  if (reason != NULL)
    /* Translators: an address, and its kind. */
    output_error (_ ("%s is %s"), address, reason);
  if (problem != NULL)
    output_error ("%s", problem);
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
  const RouterChain *chain = discovery_get_chain (discovery, gateway);
  gboolean known;

  if (chain == NULL || !discovery_has_router (discovery))
    {
      discovery_print_failure (discovery);
      session_quit (discovery->session, PLUMCTL_NO_ROUTER);
      return;
    }

  known = plum_gateway_get_external_address (router_chain_get_outermost (chain)) != NULL;
  if (known)
    print_address (chain);
  else
    print_missing_address (discovery, router_chain_get_last (chain));
  session_quit (discovery->session, known ? PLUMCTL_OK : PLUMCTL_FAILED);
}

static int
run_external (char **arguments, char **tail)
{
  Session session = { .interrupt_code = PLUMCTL_FAILED };
  Discovery discovery = { .session = &session,
                          .any_family = TRUE,
                          .first_address = TRUE,
                          .asks_address = TRUE,
                          .asks_chain = TRUE,
                          .done = on_done };

  return discovery_run (&discovery, arguments);
}

const PlumctlCommand plumctl_command_external = {
  .name = "external",
  .arguments = "",
  .summary = N_ ("Print only the external address"),
  .details =
    N_ ("If the router reports its address only with a mapping, as with PCP, maps an unused\n"
        "UDP port for a moment. If the router has a private or shared address, the router\n"
        "beyond it is asked as well, and its address is printed; standard error names the\n"
        "routers.\n"
        "\n"
        "Example:\n"
        "  address=$(plumctl external) || exit\n"
        "\n"
        "Exit status: 0 success, 1 the router did not report its external address,\n"
        "2 usage error, 3 no router answered."),
  .options = external_entries,
  .run = run_external,
};
