-- title: x
-- about: thing

  
