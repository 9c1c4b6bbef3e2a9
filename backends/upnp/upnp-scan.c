/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-scan.h"

/* Each entry is one request. */
#define MAX_ENTRIES 128

#define INDEX_INVALID 713
#define NO_SUCH_ENTRY 714

static void
upnp_scan_read (UpnpNegotiation *negotiation, guint index, UpnpSoapFunc func)
{
  const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_GENERIC, .index = index };

  upnp_operation_call (&negotiation->operation, NULL, &request, func);
}

static void
upnp_scan_finish (UpnpNegotiation *negotiation, UpnpLookupResult result)
{
  negotiation->scan.func (negotiation, result, NULL, NULL);
}

static gboolean
is_fault (const UpnpSoapReply *reply, const GError *error)
{
  return error == NULL && reply->outcome == UPNP_SOAP_FAULT;
}

static void
on_end_again (const UpnpSoapReply *reply,
              const char *local_address,
              const GError *error,
              gpointer user_data)
{
  UpnpNegotiation *negotiation = user_data;
  gboolean is_end = is_fault (reply, error) && reply->code == negotiation->scan.end_code;

  upnp_scan_finish (negotiation, is_end ? UPNP_LOOKUP_FREE : UPNP_LOOKUP_UNKNOWN);
}

static void
on_last_again (const UpnpSoapReply *reply,
               const char *local_address,
               const GError *error,
               gpointer user_data)
{
  UpnpNegotiation *negotiation = user_data;

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    upnp_scan_read (negotiation, negotiation->scan.index, on_end_again);
  else
    upnp_scan_finish (negotiation, UPNP_LOOKUP_UNKNOWN);
}

/* A fault that gives no reason may come from a router that cannot answer at the moment: it is the
 * end of the table if the router still shows the last entry, and then answers with it again. */
static void
upnp_scan_take_fault (UpnpNegotiation *negotiation, int code)
{
  UpnpScan *self = &negotiation->scan;

  self->end_code = code;
  if (self->unreadable)
    upnp_scan_finish (negotiation, UPNP_LOOKUP_UNKNOWN);
  else if (code == INDEX_INVALID || code == NO_SUCH_ENTRY)
    upnp_scan_finish (negotiation, UPNP_LOOKUP_FREE);
  else if (self->index > 0)
    upnp_scan_read (negotiation, self->index - 1, on_last_again);
  else
    upnp_scan_finish (negotiation, UPNP_LOOKUP_UNKNOWN);
}

/* Whether it is the entry that is searched for. An entry that cannot be read may be. */
static gboolean
upnp_scan_has_found (UpnpNegotiation *negotiation, const UpnpSoapReply *reply)
{
  UpnpScan *self = &negotiation->scan;
  g_autoptr (UpnpTableEntry) entry = upnp_soap_read_any_entry (reply);

  if (entry == NULL || entry->external_port == 0 || !upnp_table_entry_has_protocol (entry))
    {
      self->unreadable = TRUE;
      return FALSE;
    }

  return entry->external_port == self->external_port && entry->protocol == negotiation->protocol;
}

static void
on_scanned (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpNegotiation *negotiation = user_data;
  UpnpScan *self = &negotiation->scan;

  if (is_fault (reply, error))
    upnp_scan_take_fault (negotiation, reply->code);
  else if (error != NULL || reply->outcome != UPNP_SOAP_DONE)
    upnp_scan_finish (negotiation, UPNP_LOOKUP_UNKNOWN);
  else if (upnp_scan_has_found (negotiation, reply))
    self->func (negotiation, UPNP_LOOKUP_TAKEN, reply, local_address);
  else if (++self->index < MAX_ENTRIES)
    upnp_scan_read (negotiation, self->index, on_scanned);
  else
    upnp_scan_finish (negotiation, UPNP_LOOKUP_UNKNOWN);
}

void
upnp_scan_start (UpnpNegotiation *negotiation, guint external_port, UpnpScanFunc func)
{
  negotiation->scan = (UpnpScan){ .func = func, .external_port = external_port };
  upnp_scan_read (negotiation, 0, on_scanned);
}
