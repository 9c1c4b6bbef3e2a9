/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unmap-queue.h"

#include "common-options.h"
#include "unmap-records.h"

#include <glib/gi18n-lib.h>

/* A router serves few connections at a time, and what waits in a queue has a time limit as well. */
#define MAX_RUNNING 4

static void unmap_queue_run_more (UnmapQueue *self);

void
unmap_queue_init (UnmapQueue *self, UnmapQueueFunc done, gpointer user_data)
{
  self->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) unmap_job_unref);
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
  self->done = done;
  self->user_data = user_data;
}

void
unmap_queue_clear (UnmapQueue *self)
{
  g_clear_pointer (&self->jobs, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
}

/* --- The report --- */

/* The jobs of the port of a job; empty if one of them is not decided. (transfer full) */
static GPtrArray *
collect_decided (UnmapQueue *self, UnmapJob *job)
{
  GPtrArray *jobs = g_ptr_array_new ();

  for (guint i = 0; i < self->jobs->len; i++)
    {
      UnmapJob *other = self->jobs->pdata[i];

      if (!unmap_job_is_same_port (job, other))
        continue;
      if (!other->decided)
        {
          g_ptr_array_set_size (jobs, 0);
          break;
        }
      g_ptr_array_add (jobs, other);
    }

  return jobs;
}

/* Prints what is known of the port of a job, once both families are decided. */
static void
print_decided (UnmapQueue *self, UnmapJob *job)
{
  g_autoptr (GPtrArray) jobs = collect_decided (self, job);

  for (guint i = 0; i < jobs->len; i++)
    for (guint j = 0; j < jobs->len; j++)
      {
        UnmapJob *ipv4 = jobs->pdata[i];
        UnmapJob *ipv6 = jobs->pdata[j];

        if (ipv4->family == G_SOCKET_FAMILY_IPV4 && ipv6->family == G_SOCKET_FAMILY_IPV6)
          unmap_job_merge_families (ipv4, ipv6, self->any_family);
      }

  for (guint i = 0; i < jobs->len; i++)
    {
      const UnmapJob *decided = jobs->pdata[i];

      if (!decided->hidden)
        unmap_job_print (decided);
    }
}

/* --- The jobs --- */

static void
unmap_queue_finish (UnmapQueue *self)
{
  UnmapQueueFunc done = g_steal_pointer (&self->done);

  if (done != NULL)
    done (self, self->user_data);
}

static void
on_job_done (UnmapJob *job, gpointer user_data)
{
  UnmapQueue *self = user_data;

  self->n_running--;
  print_decided (self, job);
  unmap_queue_run_more (self);
}

static void
unmap_queue_give_up (UnmapQueue *self)
{
  g_autofree char *message = g_strdup_printf (_ ("no answer within %g s"), self->limit_ms / 1000.0);

  for (guint i = 0; i < self->jobs->len; i++)
    {
      UnmapJob *job = self->jobs->pdata[i];

      if (job->decided)
        continue;
      unmap_job_give_up (job, message);
      print_decided (self, job);
    }
  unmap_queue_finish (self);
}

static void
unmap_queue_run_more (UnmapQueue *self)
{
  if (self->limit_ms != 0)
    {
      unmap_queue_give_up (self);
      return;
    }

  while (self->next < self->jobs->len && self->n_running < MAX_RUNNING)
    {
      UnmapJob *job = self->jobs->pdata[self->next++];

      self->n_running++;
      unmap_job_start (job, self->manager, self->entries, on_job_done, self);
    }
  if (self->n_running == 0)
    unmap_queue_finish (self);
}

/* listed: the router has listed its mappings */
void
unmap_queue_start (UnmapQueue *self, PlumManager *manager, gboolean listed)
{
  self->manager = manager;
  /* Before any of them is removed. */
  for (guint i = 0; i < self->jobs->len; i++)
    unmap_records_consult (manager, self->jobs->pdata[i], listed);
  unmap_queue_run_more (self);
}

/* Gives up what is not decided, also if the queue is started later. */
void
unmap_queue_expire (UnmapQueue *self, guint limit_ms)
{
  self->limit_ms = limit_ms;
  if (self->manager != NULL)
    unmap_queue_give_up (self);
}

/* No router was found, which is reported otherwise to people: the queue is not started. */
void
unmap_queue_fail (UnmapQueue *self, const char *message)
{
  for (guint i = 0; i < self->jobs->len; i++)
    {
      unmap_job_give_up (self->jobs->pdata[i], message);
      if (common_options.json)
        unmap_job_print (self->jobs->pdata[i]);
    }
}

/* Gives up what is not decided, and reports nothing. */
void
unmap_queue_stop (UnmapQueue *self)
{
  self->done = NULL;
  for (guint i = 0; i < self->jobs->len; i++)
    {
      UnmapJob *job = self->jobs->pdata[i];

      if (!job->decided)
        unmap_job_give_up (job, NULL);
    }
}
