/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-discovery.h"

#include "upnp-candidate.h"
#include "upnp-operation.h"
#include "upnp-link.h"
#include "upnp-search.h"

/* A flood of answers must neither exhaust memory nor displace the answer of the gateway. */
#define MAX_CANDIDATES 32
#define MAX_PER_SENDER 8
#define MAX_SENDERS 256

typedef struct
{
  UpnpOperation operation; /* its device is that of the current candidate */
  UpnpSearch *search;
  GPtrArray *candidates;  /* (element-type UpnpCandidate) */
  GHashTable *senders;    /* the addresses that answered at all, as text */
  UpnpCandidate *current; /* (nullable) */
  gboolean window_expired;
} UpnpDiscovery;

static void upnp_discovery_advance (UpnpDiscovery *self);
static void upnp_discovery_continue (UpnpDiscovery *self);

static void
upnp_discovery_clear (UpnpOperation *operation)
{
  UpnpDiscovery *self = (UpnpDiscovery *) operation;

  g_clear_pointer (&self->search, upnp_search_free);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_pointer (&self->senders, g_hash_table_unref);
}

static void G_GNUC_PRINTF (2, 3) note (UpnpDiscovery *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  line = g_strconcat ("UPnP: ", text, NULL);
  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "%s", line);
  plum_backend_report_note (upnp_session_get_backend (self->operation.session), line);
}

/* -- Answers -- */

static gboolean
is_known (UpnpDiscovery *self, GInetAddress *sender, const UpnpUrl *location)
{
  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = g_ptr_array_index (self->candidates, i);
      UpnpUrl *known = candidate->device->location;

      if (g_inet_address_equal (candidate->device->address, sender) &&
          known->port == location->port && g_str_equal (known->target, location->target))
        return TRUE;
    }

  return FALSE;
}

static guint
count_candidates (UpnpDiscovery *self, GInetAddress *sender)
{
  guint n = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = g_ptr_array_index (self->candidates, i);

      n += g_inet_address_equal (candidate->device->address, sender);
    }

  return n;
}

/* FALSE: the sender is known, or there are too many senders. */
static gboolean
add_sender (UpnpDiscovery *self, const char *name)
{
  return g_hash_table_size (self->senders) < MAX_SENDERS &&
         g_hash_table_add (self->senders, g_strdup (name));
}

/* Why an answer is rejected; NULL: it is not. */
static const char *
find_fault (UpnpDiscovery *self, const UpnpSsdpMessage *message, GInetAddress *sender)
{
  PlumNetwork *network = upnp_session_get_network (self->operation.session);
  gboolean from_gateway = g_inet_address_equal (sender, plum_network_get_gateway (network));

  if (message->class == UPNP_SSDP_OTHER)
    return "it is not an internet gateway";
  if (message->class == UPNP_SSDP_ROOT && !from_gateway)
    return "a root device that is not the default gateway";
  if (message->location == NULL)
    return "it has no LOCATION";
  if (!upnp_may_contact (network, sender))
    return "the sender is not on this link";
  if ((!from_gateway && self->candidates->len >= MAX_CANDIDATES) ||
      count_candidates (self, sender) >= MAX_PER_SENDER)
    return "too many answers";

  return NULL;
}

static void
upnp_discovery_take (UpnpDiscovery *self,
                     const UpnpSsdpMessage *message,
                     GInetAddress *sender,
                     const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpUrl) location = upnp_url_parse (message->location, &error);
  const char *server = message->server != NULL ? message->server : "unnamed";

  if (location == NULL)
    {
      note (self, "answer of %s (%s) rejected: LOCATION: %s", name, server, error->message);
      return;
    }
  if (is_known (self, sender, location))
    return;

  if (g_str_equal (location->host, name))
    note (self, "answer of %s (%s) accepted: %s", name, server, message->location);
  else
    note (self, "answer of %s (%s) accepted; the sender replaces the host of %s", name, server,
          message->location);

  g_ptr_array_add (self->candidates,
                   upnp_candidate_new (self->operation.session, sender, g_steal_pointer (&location),
                                       message->boot_id));
  upnp_discovery_advance (self);
}

static void
on_message (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  UpnpDiscovery *self = user_data;
  g_autofree char *name = g_inet_address_to_string (sender);
  const char *fault = find_fault (self, message, sender);

  /* A notification counts as an answer only if it is from a gateway (quirk 24). */
  if (message->kind != UPNP_SSDP_ANSWER && (message->kind != UPNP_SSDP_ALIVE || fault != NULL))
    return;

  if (fault == NULL)
    {
      add_sender (self, name);
      upnp_discovery_take (self, message, sender, name);
      return;
    }

  /* A device answers many times (quirk 29): report it once. */
  if (add_sender (self, name))
    note (self, "answer of %s (%s) rejected: %s", name,
          message->server != NULL ? message->server : "unnamed", fault);
}

/* -- Candidates -- */

static void
upnp_discovery_finish_candidate (UpnpDiscovery *self)
{
  UpnpCandidate *candidate = g_steal_pointer (&self->current);

  candidate->done = TRUE;
  if (candidate->score == UPNP_SCORE_UNUSABLE)
    note (self, "%s cannot be used: %s", candidate->device->name,
          candidate->problem != NULL ? candidate->problem : "it has no service that maps ports");
  g_clear_pointer (&self->operation.device, upnp_device_unref);
  upnp_discovery_advance (self);
}

static void
on_reply (const UpnpSoapReply *reply,
          const char *local_address,
          const GError *error,
          gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  if (error != NULL)
    upnp_candidate_skip (self->current, error->message);
  else
    upnp_candidate_take (self->current, reply);
  upnp_discovery_continue (self);
}

/* Sends the next request to the current candidate. */
static void
upnp_discovery_continue (UpnpDiscovery *self)
{
  UpnpService *service = upnp_candidate_get_service (self->current);
  UpnpSoapRequest request = { .action = upnp_candidate_get_action (self->current) };

  if (service != NULL)
    upnp_operation_call (&self->operation, service, &request, on_reply);
  else
    upnp_discovery_finish_candidate (self);
}

static void
on_description (const GError *error, gpointer user_data)
{
  UpnpDiscovery *self = user_data;
  UpnpDescription *description = self->operation.device->description;
  gboolean ipv6 = upnp_session_is_ipv6 (self->operation.session);
  GPtrArray *services;

  self->operation.pending = NULL;
  if (error != NULL)
    {
      g_autofree char *problem =
        g_strdup_printf ("its description cannot be read: %s", error->message);

      upnp_candidate_reject (self->current, problem);
      upnp_discovery_finish_candidate (self);
      return;
    }

  services = upnp_candidate_get_services (self->current);
  if (ipv6 && services->len == 0)
    upnp_candidate_reject (self->current, "it has no service that opens its IPv6 firewall");
  note (self, "%s is %s %s (%s), with %u %s %s%s", self->operation.device->name,
        description->manufacturer != NULL ? description->manufacturer : "an unknown make",
        description->model != NULL ? description->model : "an unknown model",
        description->friendly_name != NULL ? description->friendly_name : "unnamed", services->len,
        services->len == 1 ? "service that" : "services that",
        ipv6 ? "can open its IPv6 firewall" : "can map ports",
        description->whole ? "" : "; the description is not well-formed");
  upnp_discovery_continue (self);
}

/* -- The choice -- */

static UpnpCandidate *
find_best (UpnpDiscovery *self)
{
  UpnpCandidate *best = NULL;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = g_ptr_array_index (self->candidates, i);

      if (candidate->score == UPNP_SCORE_UNUSABLE)
        continue;
      /* Among equals the default gateway takes precedence (quirk 63). */
      if (best == NULL || candidate->score > best->score ||
          (candidate->score == best->score && candidate->device->is_gateway &&
           !best->device->is_gateway))
        best = candidate;
    }

  return best;
}

static void
upnp_discovery_succeed (UpnpDiscovery *self, UpnpCandidate *chosen)
{
  UpnpDevice *device = chosen->device;

  note (self, "chosen: %s of %s, %s", device->service->type, device->name,
        device->is_gateway ? "the default gateway" : "the best of the devices that answered");
  upnp_session_set_device (self->operation.session, device);
  upnp_operation_succeed (&self->operation);
}

/* The candidate whose problem is reported: the gateway takes precedence. */
static UpnpCandidate *
find_problem (UpnpDiscovery *self)
{
  UpnpCandidate *found = NULL;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = g_ptr_array_index (self->candidates, i);

      if (candidate->problem != NULL &&
          (found == NULL || (candidate->device->is_gateway && !found->device->is_gateway)))
        found = candidate;
    }

  return found;
}

/* Takes the error. */
static void
upnp_discovery_fail_search (UpnpDiscovery *self, GError *error)
{
  g_autoptr (PlumCall) call = upnp_operation_finish (&self->operation);

  g_prefix_error (&error, "UPnP: cannot search: ");
  plum_call_return_error (call, error);
}

static void
upnp_discovery_fail (UpnpDiscovery *self)
{
  guint n = g_hash_table_size (self->senders);
  UpnpCandidate *candidate = find_problem (self);
  const GError *unsent = upnp_search_get_error (self->search);

  if (n == 0 && unsent != NULL)
    upnp_discovery_fail_search (self, g_error_copy (unsent));
  else if (n == 0)
    upnp_operation_fail (&self->operation, PLUM_ERROR_TIMED_OUT,
                         "no device answered the search in %.1f s", UPNP_SEARCH_WINDOW / 1000.0);
  else if (candidate != NULL && candidate->refuses)
    upnp_operation_fail (&self->operation, PLUM_ERROR_REFUSED,
                         "%s answered the search, but %s: allow it in the router's settings",
                         candidate->device->name, candidate->problem);
  else if (candidate != NULL && upnp_session_is_ipv6 (self->operation.session))
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "%s answered the search, but %s", candidate->device->name,
                         candidate->problem);
  else if (candidate != NULL)
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "%s answered the search, but %s; restarting it may help",
                         candidate->device->name, candidate->problem);
  else if (n == 1)
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "1 device answered; it is not an internet gateway");
  else
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "%u devices answered; none is an internet gateway", n);
}

/* The gateway as soon as it has answered; other devices after the window has expired. */
static UpnpCandidate *
find_next (UpnpDiscovery *self)
{
  UpnpCandidate *found = NULL;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = g_ptr_array_index (self->candidates, i);

      if (candidate->done || !(candidate->device->is_gateway || self->window_expired))
        continue;
      if (found == NULL || (candidate->device->is_gateway && !found->device->is_gateway))
        found = candidate;
    }

  return found;
}

/* The gateway, if no other device could be better. */
static UpnpCandidate *
find_good_gateway (UpnpDiscovery *self)
{
  UpnpCandidate *best = find_best (self);

  return best != NULL && best->device->is_gateway && best->score > 0 ? best : NULL;
}

/* Whether the gateway does not allow hosts to open its firewall. No other device could help. */
static gboolean
gateway_refuses (UpnpDiscovery *self)
{
  UpnpCandidate *candidate = find_problem (self);

  return candidate != NULL && candidate->refuses && candidate->device->is_gateway;
}

static void
upnp_discovery_advance (UpnpDiscovery *self)
{
  UpnpCandidate *chosen = NULL;

  if (self->current != NULL)
    return;

  chosen = find_good_gateway (self);
  if (chosen == NULL)
    self->current = find_next (self);

  /* Further searches would only keep the device busy. */
  upnp_search_set_paused (self->search, self->current != NULL || chosen != NULL);
  if (self->current != NULL)
    {
      self->operation.device = upnp_device_ref (self->current->device);
      self->operation.pending = upnp_device_describe (self->operation.device, on_description, self);
      return;
    }

  if (chosen == NULL && self->window_expired)
    chosen = find_best (self);
  if (chosen != NULL)
    upnp_discovery_succeed (self, chosen);
  else if (self->window_expired || gateway_refuses (self))
    upnp_discovery_fail (self);
}

static void
on_search_finished (gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  self->window_expired = TRUE;
  upnp_discovery_advance (self);
}

/* Why a search is not necessary; NULL: it is. */
static const char *
find_obstacle (PlumNetwork *network)
{
  GInetAddress *local = plum_network_get_local_address (network);

  if (plum_network_get_gateway (network) == NULL)
    return "a point-to-point link has no gateway";
  if (plum_network_get_family (network) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_LINK_LOCAL)
    return "this host has only a link-local IPv6 address, which is not reachable from the internet";
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_PRIVATE)
    return "this host has only a unique local IPv6 address, which is not reachable from the "
           "internet";

  return NULL;
}

void
upnp_discovery_start (UpnpSession *session, PlumCall *call)
{
  const char *obstacle = find_obstacle (upnp_session_get_network (session));
  UpnpDiscovery *self =
    upnp_operation_new (sizeof (UpnpDiscovery), session, call, upnp_discovery_clear);
  g_autoptr (GError) error = NULL;

  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_candidate_free);
  self->senders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (obstacle != NULL)
    {
      upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED, "%s", obstacle);
      return;
    }

  self->search =
    upnp_search_new (upnp_session_get_backend (session), upnp_session_get_context (session),
                     on_message, on_search_finished, self, &error);
  if (self->search == NULL)
    upnp_discovery_fail_search (self, g_steal_pointer (&error));
}
