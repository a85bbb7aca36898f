use super::MemoryTx;
use super::state::duplicate;
use crate::Result;
use crate::id::UserId;
use crate::port::UserRepo;
use crate::user::User;
use crate::value::Email;

impl UserRepo for MemoryTx {
    fn add(&mut self, user: &User) -> Result<bool> {
        let users = &mut self.writing()?.users;
        if users.values().any(|other| other.email == user.email) {
            return Ok(false);
        }
        match users.insert(user.id, user.clone()) {
            Some(_) => Err(duplicate("the user")),
            None => Ok(true),
        }
    }

    fn find(&mut self, id: UserId) -> Result<Option<User>> {
        Ok(self.reading()?.users.get(&id).cloned())
    }

    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>> {
        let mut users = self.reading()?.users.values();
        Ok(users.find(|user| user.email == *email).cloned())
    }

    fn lock(&mut self, id: UserId) -> Result<Option<User>> {
        Ok(self.writing()?.users.get(&id).cloned())
    }

    fn any(&mut self) -> Result<bool> {
        Ok(!self.reading()?.users.is_empty())
    }
}
