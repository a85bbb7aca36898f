DROP TABLE installation;
DROP TABLE personal_access_tokens;
DROP TABLE memberships;
DROP TABLE organizations;
DROP TABLE users;
