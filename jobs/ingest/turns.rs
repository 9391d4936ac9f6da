//! Whose files are taken next: coaches take turns, so that one who uploads a thousand files doesn't delay others.
//!
//! Reads how much of each coach is still unread.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{Needs, Unit, handle, ledger::Coach};
use crate::{
    db::{TenantTx, Tx},
    queue::{Context, JobError},
};

/// A scan takes at most this many files of a coach, and leaves no more than this unread, so that the queue is free for
/// the next coach's file within seconds.
pub(super) const A_TURN: usize = 32;

/// The units to take now, with coaches in turns, and how many files wait for the next scan.
pub(super) async fn take(
    ctx: &Context<Needs>,
    coaches: &HashMap<String, Coach>,
    units: Vec<Unit>,
) -> Result<(Vec<Unit>, usize), JobError> {
    let mut of_coach: BTreeMap<String, Vec<Unit>> = BTreeMap::new();
    for unit in units {
        let handle = unit.first().and_then(|found| handle(&found.key)).unwrap_or_default();
        of_coach.entry(handle).or_default().push(unit);
    }
    let mut queues = Vec::with_capacity(of_coach.len());
    for (handle, units) in of_coach {
        let room = match coaches.get(&handle) {
            Some(coach) => A_TURN.saturating_sub(unread(&mut ctx.db.tenant(coach.organization).await?, *coach).await?),
            None => A_TURN,
        };
        queues.push((room, units));
    }
    Ok(in_turns(queues, Vec::len))
}

/// How many of the coach's files are taken but not read. A failed read that will be retried holds nothing up.
async fn unread(tx: &mut TenantTx, coach: Coach) -> Result<usize, sqlx::Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from jobs join sessions using (correlation_id)
           where coach_id = $1 and sessions.state = 'received' and kind = 'parse.transcript'
             and (jobs.state = 'running' or (jobs.state = 'due' and run_at < now() + interval '5 seconds'))"#,
        coach.id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Takes one item of each queue in turn, as far as its room allows, and returns the size of the rest. An item larger
/// than the room is taken if it comes first.
fn in_turns<T>(queues: Vec<(usize, Vec<T>)>, size: impl Fn(&T) -> usize) -> (Vec<T>, usize) {
    let (mut taken, mut left) = (Vec::new(), 0);
    let mut queues: Vec<(usize, VecDeque<T>)> = queues.into_iter().map(|(room, queue)| (room, queue.into())).collect();
    while !queues.is_empty() {
        queues.retain_mut(|(room, queue)| {
            if *room == 0 {
                left += queue.iter().map(&size).sum::<usize>();
                return false;
            }
            let Some(next) = queue.pop_front() else { return false };
            *room = room.saturating_sub(size(&next));
            taken.push(next);
            true
        });
    }
    (taken, left)
}

#[cfg(test)]
mod tests {
    use super::in_turns;

    #[test]
    fn coaches_take_turns_and_nobody_takes_more_than_there_is_room_for() {
        let queues = vec![(3, vec!["b1", "b2", "b3", "b4", "b5"]), (3, vec!["m1"]), (0, vec!["z1", "z2"])];
        assert_eq!(in_turns(queues, |_| 1), (vec!["b1", "m1", "b2", "b3"], 4));
        // A meeting with many files is taken whole.
        assert_eq!(in_turns(vec![(3, vec!["one", "seven77", "x"])], |it| it.len()), (vec!["one"], 8));
        assert_eq!(in_turns(vec![(3, vec!["seven77", "x"])], |it| it.len()), (vec!["seven77"], 1));
        assert_eq!(in_turns(Vec::<(usize, Vec<&str>)>::new(), |_| 1), (vec![], 0));
    }
}
