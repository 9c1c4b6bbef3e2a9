/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "unmap-job.h"

typedef struct _UnmapQueue UnmapQueue;
typedef void (*UnmapQueueFunc) (UnmapQueue *queue, gpointer user_data);

/* The ports of "plumctl unmap", several of which are removed at a time. */
struct _UnmapQueue
{
  GPtrArray *jobs;     /* of UnmapJob */
  GPtrArray *entries;  /* of PlumEntry: of this computer, as the router lists them */
  gboolean any_family; /* the user named no address family */

  PlumManager *manager; /* borrowed; NULL: not started */
  guint next;           /* the first job that is not started */
  guint n_running;
  guint limit_ms; /* that has passed; 0: it has not */

  UnmapQueueFunc done; /* called once, when all jobs are decided; NULL then */
  gpointer user_data;
};

void unmap_queue_init (UnmapQueue *self, UnmapQueueFunc done, gpointer user_data);
void unmap_queue_clear (UnmapQueue *self);
void unmap_queue_start (UnmapQueue *self, PlumManager *manager, gboolean listed);
void unmap_queue_expire (UnmapQueue *self, guint limit_ms);
void unmap_queue_fail (UnmapQueue *self, const char *message);
void unmap_queue_stop (UnmapQueue *self);
