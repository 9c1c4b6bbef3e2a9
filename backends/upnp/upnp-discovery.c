/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-discovery.h"

#include "upnp-candidate.h"
#include "upnp-operation.h"
#include "upnp-ssdp.h"

/* A flood of answers must neither fill the memory nor keep the gateway's own out. */
#define MAX_CANDIDATES 32
#define MAX_PER_SENDER 8
#define MAX_SENDERS 256

typedef struct
{
  UpnpOperation operation; /* its device: the candidate's that is being looked at */
  UpnpSearch *search;
  GPtrArray *candidates;  /* (element-type UpnpCandidate) */
  GHashTable *senders;    /* the addresses that answered at all, as text */
  UpnpCandidate *current; /* (nullable) */
  gboolean window_over;
} UpnpDiscovery;

static void upnp_discovery_advance (UpnpDiscovery *self);
static void upnp_discovery_ask (UpnpDiscovery *self);

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

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "%s", text);
  line = g_strconcat ("UPnP: ", text, NULL);
  plum_backend_report_note (PLUM_BACKEND (self->operation.backend), line);
}

/* -- What answers are taken -- */

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

/* FALSE: it was there before, or there are so many that one more tells nothing. */
static gboolean
add_sender (UpnpDiscovery *self, const char *name)
{
  return g_hash_table_size (self->senders) < MAX_SENDERS &&
         g_hash_table_add (self->senders, g_strdup (name));
}

/* Why an answer is of no use; NULL: it is. */
static const char *
find_fault (UpnpDiscovery *self, const UpnpSsdpMessage *message, GInetAddress *sender)
{
  PlumNetwork *network = plum_backend_get_network (PLUM_BACKEND (self->operation.backend));
  gboolean from_gateway = g_inet_address_equal (sender, plum_network_get_gateway (network));

  if (message->class == UPNP_SSDP_OTHER)
    return "it is no internet gateway";
  if (message->class == UPNP_SSDP_ROOT && !from_gateway)
    return "a root device that is not the default gateway";
  if (message->location == NULL)
    return "it has no LOCATION";
  if (!upnp_may_contact (network, sender))
    return "the sender is not on this link";
  if ((!from_gateway && self->candidates->len >= MAX_CANDIDATES) ||
      count_candidates (self, sender) >= MAX_PER_SENDER)
    return "there are too many";

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
  const char *server = message->server != NULL ? message->server : "no name";

  if (location == NULL)
    {
      note (self, "answer of %s (%s) rejected: LOCATION: %s", name, server, error->message);
      return;
    }
  if (is_known (self, sender, location))
    return;

  if (g_str_equal (location->host, name))
    note (self, "answer of %s (%s) taken: %s", name, server, message->location);
  else
    note (self, "answer of %s (%s) taken, with the sender for the host of %s", name, server,
          message->location);

  g_ptr_array_add (self->candidates,
                   upnp_candidate_new (self->operation.backend, sender, g_steal_pointer (&location),
                                       message->boot_id));
  upnp_discovery_advance (self);
}

static void
on_message (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  UpnpDiscovery *self = user_data;
  g_autofree char *name = g_inet_address_to_string (sender);
  const char *fault = find_fault (self, message, sender);

  /* What others tell the group is no answer to us, unless it is what we look for (quirk 24). */
  if (message->kind != UPNP_SSDP_ANSWER && (message->kind != UPNP_SSDP_ALIVE || fault != NULL))
    return;

  if (fault == NULL)
    {
      add_sender (self, name);
      upnp_discovery_take (self, message, sender, name);
      return;
    }

  /* The same device answers many times (quirk 29): once told is enough. */
  if (add_sender (self, name))
    note (self, "answer of %s (%s) rejected: %s", name,
          message->server != NULL ? message->server : "no name", fault);
}

/* -- What a candidate offers -- */

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
on_address (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  if (error != NULL)
    upnp_candidate_skip (self->current, error->message);
  else
    upnp_candidate_take_address (self->current, reply);
  upnp_discovery_ask (self);
}

static void
on_firewall (const UpnpSoapReply *reply,
             const char *local_address,
             const GError *error,
             gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  if (error != NULL)
    upnp_candidate_skip (self->current, error->message);
  else
    upnp_candidate_take_firewall (self->current, reply);
  upnp_discovery_ask (self);
}

static void
on_status (const UpnpSoapReply *reply,
           const char *local_address,
           const GError *error,
           gpointer user_data)
{
  static const UpnpSoapRequest get_address = { .action = UPNP_ACTION_GET_ADDRESS };
  UpnpDiscovery *self = user_data;

  if (error != NULL)
    {
      upnp_candidate_skip (self->current, error->message);
      upnp_discovery_ask (self);
      return;
    }

  upnp_candidate_take_status (self->current, reply);
  upnp_operation_call (&self->operation, upnp_candidate_get_service (self->current), &get_address,
                       on_address);
}

/* Status and address of the next service, or how the next firewall is set. */
static void
upnp_discovery_ask (UpnpDiscovery *self)
{
  static const UpnpSoapRequest get_status = { .action = UPNP_ACTION_GET_STATUS };
  static const UpnpSoapRequest get_firewall = { .action = UPNP_ACTION_GET_FIREWALL };
  UpnpService *service = upnp_candidate_get_service (self->current);

  if (service == NULL)
    upnp_discovery_finish_candidate (self);
  else if (plum_upnp_backend_is_ipv6 (self->operation.backend))
    upnp_operation_call (&self->operation, service, &get_firewall, on_firewall);
  else
    upnp_operation_call (&self->operation, service, &get_status, on_status);
}

static void
on_description (const GError *error, gpointer user_data)
{
  UpnpDiscovery *self = user_data;
  UpnpDescription *description = self->operation.device->description;
  gboolean ipv6 = plum_upnp_backend_is_ipv6 (self->operation.backend);
  GPtrArray *services;

  self->operation.pending = NULL;
  if (error != NULL)
    {
      g_autofree char *problem =
        g_strdup_printf ("its description could not be read: %s", error->message);

      upnp_candidate_reject (self->current, problem);
      upnp_discovery_finish_candidate (self);
      return;
    }

  services = upnp_candidate_get_services (self->current);
  if (ipv6 && services->len == 0)
    upnp_candidate_reject (self->current, "it has no service that opens its IPv6 firewall");
  note (self, "%s is %s %s (%s), with %u services that %s%s", self->operation.device->name,
        description->manufacturer != NULL ? description->manufacturer : "unknown make",
        description->model != NULL ? description->model : "unknown model",
        description->friendly_name != NULL ? description->friendly_name : "no name", services->len,
        ipv6 ? "open its IPv6 firewall" : "map ports",
        description->whole ? "" : "; the description is faulty");
  upnp_discovery_ask (self);
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
      /* Among equals the default gateway is right (quirk 63). */
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
        device->is_gateway ? "the default gateway" : "the best of those that answered");
  plum_upnp_backend_set_device (self->operation.backend, device);
  upnp_operation_done (&self->operation);
}

/* The most telling reason that a candidate gave; the gateway's before others'. */
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
  g_autoptr (PlumCall) call = upnp_operation_end (&self->operation);

  g_prefix_error (&error, "UPnP: cannot search: ");
  plum_call_return_error (call, error);
}

static void
upnp_discovery_give_up (UpnpDiscovery *self)
{
  guint n = g_hash_table_size (self->senders);
  UpnpCandidate *candidate = find_problem (self);
  const GError *unsent = upnp_search_get_error (self->search);

  if (n == 0 && unsent != NULL)
    upnp_discovery_fail_search (self, g_error_copy (unsent));
  else if (n == 0)
    upnp_operation_fail (&self->operation, PLUM_ERROR_TIMED_OUT,
                         "nobody answered the search in %.1f s", UPNP_SEARCH_WINDOW / 1000.0);
  else if (candidate != NULL && candidate->refuses)
    upnp_operation_fail (&self->operation, PLUM_ERROR_REFUSED,
                         "%s answered the search, but %s: allow it in the router's settings",
                         candidate->device->name, candidate->problem);
  else if (candidate != NULL && plum_upnp_backend_is_ipv6 (self->operation.backend))
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "%s answered the search, but %s", candidate->device->name,
                         candidate->problem);
  else if (candidate != NULL)
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "%s answered the search, but %s; restarting it may help",
                         candidate->device->name, candidate->problem);
  else if (n == 1)
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "1 device answered, it is no internet gateway");
  else
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "%u devices answered, none is an internet gateway", n);
}

/* The gateway as soon as it has answered, the others when all have had their time. */
static UpnpCandidate *
find_next (UpnpDiscovery *self)
{
  UpnpCandidate *found = NULL;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = g_ptr_array_index (self->candidates, i);

      if (candidate->done || !(candidate->device->is_gateway || self->window_over))
        continue;
      if (found == NULL || (candidate->device->is_gateway && !found->device->is_gateway))
        found = candidate;
    }

  return found;
}

/* Is there a gateway of which no better could come? */
static UpnpCandidate *
find_good_gateway (UpnpDiscovery *self)
{
  UpnpCandidate *best = find_best (self);

  return best != NULL && best->device->is_gateway && best->score > 0 ? best : NULL;
}

/* Is the gateway a firewall that nobody may open? What another device allows would not help. */
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

  /* Whoever is being looked at had better not be kept busy with more questions. */
  upnp_search_set_quiet (self->search, self->current != NULL || chosen != NULL);
  if (self->current != NULL)
    {
      self->operation.device = upnp_device_ref (self->current->device);
      self->operation.pending = upnp_device_describe (self->operation.device, on_description, self);
      return;
    }

  if (chosen == NULL && self->window_over)
    chosen = find_best (self);
  if (chosen != NULL)
    upnp_discovery_succeed (self, chosen);
  else if (self->window_over || gateway_refuses (self))
    upnp_discovery_give_up (self);
}

static void
on_search_ended (gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  self->window_over = TRUE;
  upnp_discovery_advance (self);
}

/* Why nobody need be asked; NULL: somebody has to be. */
static const char *
find_hindrance (PlumNetwork *network)
{
  GInetAddress *local = plum_network_get_local_address (network);

  if (plum_network_get_gateway (network) == NULL)
    return "a link from point to point has no router to ask";
  if (plum_network_get_family (network) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_LINK_LOCAL)
    return "this host has only a link-local IPv6 address, which the internet cannot reach";
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_PRIVATE)
    return "this host has only a unique local IPv6 address, which the internet cannot reach";

  return NULL;
}

void
upnp_discovery_start (PlumUpnpBackend *backend, PlumCall *call)
{
  const char *hindrance = find_hindrance (plum_backend_get_network (PLUM_BACKEND (backend)));
  UpnpDiscovery *self =
    upnp_operation_new (sizeof (UpnpDiscovery), backend, call, upnp_discovery_clear);
  g_autoptr (GError) error = NULL;

  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_candidate_free);
  self->senders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (hindrance != NULL)
    {
      upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED, "%s", hindrance);
      return;
    }

  self->search = upnp_search_new (PLUM_BACKEND (backend), plum_upnp_backend_get_context (backend),
                                  on_message, on_search_ended, self, &error);
  if (self->search == NULL)
    upnp_discovery_fail_search (self, g_steal_pointer (&error));
}
