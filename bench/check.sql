SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'app.v_calls'::regclass AND attname = 'prio';
