/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the records of earlier runs say about the ports of "plumctl unmap". */

#include "unmap-records.h"

#include "router-entry.h"

static gboolean
has_external_port (const UnmapJob *job, PlumEntry *record)
{
  return job->external_port == 0 || plum_entry_get_external_port (record) == job->external_port;
}

/* Whatever the external port is. */
static gboolean
is_record_of_port (const UnmapJob *job, PlumEntry *record)
{
  return plum_entry_get_protocol (record) == job->protocol &&
         plum_entry_get_internal_port (record) == job->internal_port &&
         (job->host == NULL || unmap_job_has_host (job, plum_entry_get_internal_address (record)));
}

static gboolean
is_recorded (GListModel *recorded, const UnmapJob *job)
{
  for (guint i = 0; i < g_list_model_get_n_items (recorded); i++)
    {
      g_autoptr (PlumEntry) record = g_list_model_get_item (recorded, i);

      if (is_record_of_port (job, record) && has_external_port (job, record))
        return TRUE;
    }

  return FALSE;
}

/* (transfer full) */
static GListModel *
dup_recorded (PlumManager *manager, const UnmapJob *job)
{
  return job->host != NULL ? plum_manager_dup_recorded_host_entries (manager, job->family)
                           : plum_manager_dup_recorded_entries (manager, job->family);
}

/* Whether the first router has the port, as recorded. */
gboolean
unmap_records_has (PlumManager *manager, const UnmapJob *job)
{
  g_autoptr (GListModel) recorded = dup_recorded (manager, job);

  return is_recorded (recorded, job);
}

/* Whether the entry, which leads to this computer, is recorded. */
gboolean
unmap_records_has_entry (PlumManager *manager, PlumEntry *entry)
{
  g_autoptr (GListModel) recorded =
    plum_manager_dup_recorded_entries (manager, G_SOCKET_FAMILY_IPV4);

  for (guint i = 0; i < g_list_model_get_n_items (recorded); i++)
    {
      g_autoptr (PlumEntry) record = g_list_model_get_item (recorded, i);

      if (router_entry_is_same_port (record, entry))
        return TRUE;
    }

  return FALSE;
}

/* Whether any port of the IPv6 firewall is recorded. */
gboolean
unmap_records_has_pinhole (PlumManager *manager)
{
  g_autoptr (GListModel) own = plum_manager_dup_recorded_entries (manager, G_SOCKET_FAMILY_IPV6);
  g_autoptr (GListModel) others =
    plum_manager_dup_recorded_host_entries (manager, G_SOCKET_FAMILY_IPV6);

  return g_list_model_get_n_items (own) > 0 || g_list_model_get_n_items (others) > 0;
}

/* Whether something is recorded on a router beyond the first one that leads to the port, or did so
 * before what was on the first router was removed: then, its port is that of this computer. */
static gboolean
asks_beyond (PlumManager *manager, const UnmapJob *job)
{
  g_autoptr (GListModel) beyond = plum_manager_dup_recorded_upstream_entries (manager);
  g_autoptr (GListModel) recorded = dup_recorded (manager, job);

  for (guint i = 0; i < g_list_model_get_n_items (recorded); i++)
    {
      g_autoptr (PlumEntry) inner = g_list_model_get_item (recorded, i);
      g_autoptr (PlumEntry) outer = router_entry_find_outer (beyond, inner);

      if (outer != NULL && is_record_of_port (job, inner) &&
          (has_external_port (job, inner) || has_external_port (job, outer)))
        return TRUE;
    }

  for (guint i = 0; job->host == NULL && i < g_list_model_get_n_items (beyond); i++)
    {
      g_autoptr (PlumEntry) outer = g_list_model_get_item (beyond, i);

      if (plum_entry_get_protocol (outer) == job->protocol &&
          (job->external_port != 0 ? has_external_port (job, outer)
                                   : is_record_of_port (job, outer)) &&
          !router_entry_has_inner (recorded, outer) && !router_entry_has_inner (beyond, outer))
        return TRUE;
    }

  return FALSE;
}

/* PCP and NAT-PMP confirm the removal of what does not exist (RFC 6887 15, RFC 6886 3.4), and so
 * does the search for a pinhole. listed: the router has listed its mappings. */
void
unmap_records_consult (PlumManager *manager, UnmapJob *job, gboolean listed)
{
  job->is_recorded = unmap_records_has (manager, job);
  job->asks_beyond = asks_beyond (manager, job);
  job->may_be_nothing =
    (job->family == G_SOCKET_FAMILY_IPV6 || !listed) && !job->is_recorded && !job->asks_beyond;
}

/* Whether the record of the job is dropped, as far as it is known: the answer was final. */
static gboolean
ends_record (const UnmapJob *job)
{
  return job->outcome == UNMAP_REMOVED || job->outcome == UNMAP_NOT_FOUND ||
         job->outcome == UNMAP_OTHER_HOST || job->outcome == UNMAP_FAILED;
}

/* Whether anything that was removed for the job is still recorded: the records are written a moment
 * later. */
gboolean
unmap_records_has_removed (PlumManager *manager, const UnmapJob *job)
{
  return ends_record (job) && ((job->is_recorded && unmap_records_has (manager, job)) ||
                               (job->asks_beyond && asks_beyond (manager, job)));
}

/* Adds a job for each port that is recorded on the first router. */
void
unmap_records_add_jobs (PlumManager *manager, GPtrArray *jobs, GSocketFamily family)
{
  g_autoptr (GListModel) recorded = plum_manager_dup_recorded_entries (manager, family);
  g_autoptr (GListModel) others = plum_manager_dup_recorded_host_entries (manager, family);

  for (guint i = 0; i < g_list_model_get_n_items (recorded); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (recorded, i);

      unmap_job_add (jobs, family, entry, NULL);
    }
  for (guint i = 0; i < g_list_model_get_n_items (others); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (others, i);

      unmap_job_add (jobs, family, entry, plum_entry_get_internal_address (entry));
    }
}

/* The same for what was left on the routers beyond the gateway, and nowhere else: the removal of a
 * mapping that is recorded on the router before removes what leads to it as well. */
void
unmap_records_add_jobs_beyond (PlumManager *manager, GPtrArray *jobs)
{
  g_autoptr (GListModel) beyond = plum_manager_dup_recorded_upstream_entries (manager);
  g_autoptr (GListModel) own = plum_manager_dup_recorded_entries (manager, G_SOCKET_FAMILY_IPV4);
  g_autoptr (GListModel) others =
    plum_manager_dup_recorded_host_entries (manager, G_SOCKET_FAMILY_IPV4);

  for (guint i = 0; i < g_list_model_get_n_items (beyond); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (beyond, i);

      if (!router_entry_has_inner (own, entry) && !router_entry_has_inner (others, entry) &&
          !router_entry_has_inner (beyond, entry))
        unmap_job_add (jobs, G_SOCKET_FAMILY_IPV4, entry, NULL);
    }
}
