/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mapping-set.h"

#include "alternative.h"
#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "host-options.h"
#include "output.h"
#include "port-spec.h"

#include <glib/gi18n-lib.h>

static void
mapping_set_add (MappingSet *self,
                 const PortSpec *spec,
                 GSocketFamily family,
                 const char *description)
{
  for (guint i = 0; i < spec->n_ports; i++)
    g_ptr_array_add (self->mappings,
                     g_object_new (PLUM_TYPE_MAPPING, "protocol", spec->protocol, "family", family,
                                   "internal-port", spec->first_internal + i,
                                   "requested-external-port",
                                   spec->first_external != 0 ? spec->first_external + i : 0,
                                   "require-external-port", self->exact, "description", description,
                                   "local-address", self->local_address, "internal-address",
                                   self->host, "remote-addresses", self->from, NULL));
}

gboolean
mapping_set_use_local_address (MappingSet *self, const char *text, const char *family)
{
  gboolean is_ipv6;

  if (text == NULL)
    return TRUE;

  self->local_address = g_inet_address_new_from_string (text);
  if (self->local_address == NULL)
    {
      output_error (_ ("--local-address: “%s” is not an IP address (such as 192.168.1.23)"), text);
      return FALSE;
    }

  is_ipv6 = g_inet_address_get_family (self->local_address) == G_SOCKET_FAMILY_IPV6;
  if (family != NULL && !g_str_equal (family, is_ipv6 ? "6" : "4"))
    {
      output_error (_ ("--local-address: %s is an IPv%d address, which --family=%s excludes"), text,
                    is_ipv6 ? 6 : 4, family);
      return FALSE;
    }

  self->no_ipv4 = is_ipv6;
  self->ipv6 = is_ipv6;
  return TRUE;
}

/* Reads --from and --for. Their addresses choose the family if --family is not given. */
gboolean
mapping_set_parse_hosts (MappingSet *self, gboolean family_given)
{
  GSocketFamily family = G_SOCKET_FAMILY_INVALID;
  gboolean wants_ipv4, wants_ipv6;

  if (!host_options_parse (&self->from, &self->host, &family))
    return FALSE;
  if (family == G_SOCKET_FAMILY_INVALID)
    return TRUE;

  wants_ipv4 = !self->no_ipv4;
  wants_ipv6 = self->ipv6;
  self->no_ipv4 = family == G_SOCKET_FAMILY_IPV6;
  self->ipv6 = self->no_ipv4;
  if (!family_given || (wants_ipv4 == !self->no_ipv4 && wants_ipv6 == self->ipv6))
    return TRUE;

  output_error (_ ("--family: does not match the address of --from or --for"));
  return FALSE;
}

/* Creates the mappings of @specs; sends nothing. Reports an invalid SPEC. */
gboolean
mapping_set_parse (MappingSet *self, char **specs, const char *description)
{
  self->mappings = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; specs[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      PortSpec spec;

      if (!port_spec_parse (specs[i], &spec, &error))
        {
          output_error (_ ("“%s”: %s"), specs[i], error->message);
          return FALSE;
        }

      if (self->exact && self->ipv6 && spec.first_external != 0 &&
          spec.first_external != spec.first_internal)
        {
          output_error (
            _ ("“%s”: --exact: an IPv6 pinhole keeps the port, so the external port must "
               "be the internal one"),
            specs[i]);
          return FALSE;
        }

      if (!self->no_ipv4)
        mapping_set_add (self, &spec, G_SOCKET_FAMILY_IPV4, description);
      if (self->ipv6)
        mapping_set_add (self, &spec, G_SOCKET_FAMILY_IPV6, description);
    }

  if (self->mappings->len == 0)
    {
      output_error (_ ("no SPEC given, for example tcp:8080 or udp:5000:6000"));
      return FALSE;
    }

  return TRUE;
}

void
mapping_set_clear (MappingSet *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  for (guint i = 0; self->mappings != NULL && i < self->mappings->len; i++)
    g_signal_handlers_disconnect_by_data (self->mappings->pdata[i], self);
  g_clear_pointer (&self->mappings, g_ptr_array_unref);
  g_clear_object (&self->from);
  g_clear_object (&self->host);
  g_clear_object (&self->local_address);
}

guint
mapping_set_count (MappingSet *self, PlumState state)
{
  guint n = 0;

  for (guint i = 0; i < self->mappings->len; i++)
    n += plum_mapping_get_state (self->mappings->pdata[i]) == state;
  return n;
}

/* One error, or the sentence for the user and then the error of each backend. */
static void
print_failure (PlumMapping *mapping)
{
  g_autofree char *name = describe_mapping_name (mapping);
  const GError *error = plum_mapping_get_error (mapping);
  GListModel *verdicts = plum_mapping_get_verdicts (mapping);
  guint n = verdicts != NULL ? g_list_model_get_n_items (verdicts) : 0;

  if (error == NULL)
    output_error (_ ("%s: no answer within %g s"), name, common_options.timeout);
  else if (n < 2)
    output_error ("%s: %s", name, error->message);
  else
    output_error ("%s: %s", name, plum_mapping_get_error_summary (mapping));

  for (guint i = 0; i < n && n > 1; i++)
    {
      g_autoptr (PlumVerdict) verdict = g_list_model_get_item (verdicts, i);

      output_hint ("  %s", plum_verdict_get_error (verdict)->message);
    }
}

/* Whether no router has answered to the discovery so far. */
static gboolean
is_unanswered (MappingSet *self, PlumMapping *mapping)
{
  GListModel *gateways = plum_manager_get_gateways (self->session->manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (plum_gateway_get_family (gateway) == plum_mapping_get_family (mapping))
        return plum_gateway_get_backend_name (gateway) == NULL;
    }

  return TRUE;
}

static int
get_exit_code (MappingSet *self, PlumMapping *mapping)
{
  const GError *error = plum_mapping_get_error (mapping);

  if (error == NULL)
    return is_unanswered (self, mapping) ? PLUMCTL_NO_ROUTER : PLUMCTL_FAILED;
  return describe_exit_code (error);
}

/* The first attempt failed: the mappings that succeeded are removed. */
static void
fail (MappingSet *self, gboolean expired)
{
  GSocketFamily family = plum_mapping_get_family (self->mappings->pdata[0]);
  int exit_code = PLUMCTL_NO_ROUTER;

  self->decided = TRUE;
  g_clear_handle_id (&self->deadline_id, g_source_remove);

  for (guint i = 0; i < self->mappings->len; i++)
    {
      PlumMapping *mapping = self->mappings->pdata[i];

      if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
        continue;

      print_failure (mapping);
      if (get_exit_code (self, mapping) != PLUMCTL_NO_ROUTER)
        exit_code = PLUMCTL_FAILED;
    }

  if (exit_code != PLUMCTL_NO_ROUTER)
    session_close (self->session, exit_code);
  else if (expired)
    alternative_close_at_once (self->session, family, exit_code);
  else
    alternative_close (self->session, family, exit_code);
}

static gboolean
on_mapping_set_deadline (gpointer user_data)
{
  MappingSet *self = user_data;

  self->deadline_id = 0;
  fail (self, TRUE);
  return G_SOURCE_REMOVE;
}

/* Without a network a mapping stays pending, but only --keep-trying waits for a network. */
static gboolean
is_pending (PlumMapping *mapping)
{
  return plum_mapping_get_id (mapping) == 0 ||
         (plum_mapping_get_state (mapping) == PLUM_STATE_PENDING &&
          !g_error_matches (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY));
}

static gboolean
is_any_pending (MappingSet *self)
{
  for (guint i = 0; i < self->mappings->len; i++)
    {
      if (is_pending (self->mappings->pdata[i]))
        return TRUE;
    }

  return FALSE;
}

static void
mapping_set_decide (MappingSet *self)
{
  if (self->decided || self->session->closing)
    return;

  if (mapping_set_count (self, PLUM_STATE_SUCCESS) == self->mappings->len)
    {
      self->decided = TRUE;
      g_clear_handle_id (&self->deadline_id, g_source_remove);
      if (self->up != NULL)
        self->up (self);
    }
  else if (!self->keep_trying && !is_any_pending (self))
    {
      /* Only when all have failed, so that every error is reported. */
      fail (self, FALSE);
    }
}

/* All properties are up to date at the first notification of a change. */
static void
on_notify (PlumMapping *mapping, GParamSpec *pspec, MappingSet *self)
{
  if (self->changed != NULL)
    self->changed (self, mapping);
  mapping_set_decide (self);
}

/* The IPv6 firewall may be reached without an IPv4 network. */
static void
print_ipv6_hint (MappingSet *self)
{
  g_autoptr (GInetAddress) ipv6 = plum_address_get_local (G_SOCKET_FAMILY_IPV6, NULL);
  g_autofree char *address = describe_address (ipv6);
  g_autofree char *option = g_strdup_printf ("--local-address %s", address);

  if (ipv6 != NULL && self->host == NULL && self->from == NULL)
    /* Translators: an option, such as --family 6. */
    output_hint (_ ("This computer has an IPv6 network: to open a port in the IPv6 firewall of the "
                    "router, use %s."),
                 self->has_family ? "--family 6" : option);
}

/* Reports a missing network at once, and once for all mappings. */
static gboolean
check_network (MappingSet *self, int *exit_code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) address = NULL;

  /* For JSON, each mapping has a line with the error. */
  if (self->keep_trying || self->ipv6 || self->local_address != NULL || common_options.json)
    return TRUE;

  address = plum_manager_get_local_address (self->session->manager, &error);
  if (address != NULL)
    return TRUE;

  output_error ("%s", error->message);
  if (common_options.gateway == NULL)
    print_ipv6_hint (self);
  *exit_code = describe_exit_code (error);
  return FALSE;
}

/* Only --for has values that depend on the network. */
static void
report_not_added (MappingSet *self, const GError *error, int *exit_code)
{
  gboolean invalid = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);

  if (invalid && self->host != NULL)
    output_error ("--for: %s", error->message);
  else
    output_error ("%s", error->message);
  *exit_code = invalid ? PLUMCTL_USAGE : describe_exit_code (error);
}

/* Adds the mappings to the session's manager. If that fails, reports it and returns FALSE. */
gboolean
mapping_set_start (MappingSet *self, int *exit_code)
{
  static const char *const watched[] = {
    "notify::state",
    "notify::error",
    "notify::external-address",
    "notify::lifetime",
  };

  if (!check_network (self, exit_code))
    return FALSE;

  for (guint i = 0; i < self->mappings->len; i++)
    {
      PlumMapping *mapping = self->mappings->pdata[i];
      g_autoptr (GError) error = NULL;

      for (guint j = 0; j < G_N_ELEMENTS (watched); j++)
        g_signal_connect (mapping, watched[j], G_CALLBACK (on_notify), self);

      if (!plum_manager_add_mapping (self->session->manager, mapping, &error))
        {
          report_not_added (self, error, exit_code);
          return FALSE;
        }
    }

  if (!self->keep_trying)
    self->deadline_id =
      g_timeout_add (common_options_get_timeout_ms (), on_mapping_set_deadline, self);

  return TRUE;
}
